import type { Answer } from '../chat.js';
import { showRules } from '../commands/rules.js';
import type { SlackPerson } from './slack-person.js';
import type { SlackTools } from './slack-tools.js';

/** For whoever administers the workspace, the Home tab's first page has its rules below the person's own shares. */
export async function withRules(
  { deps, governs }: Pick<SlackTools, 'deps' | 'governs'>,
  person: SlackPerson,
  answer: Answer,
): Promise<Answer> {
  const workspaceId = await governs(person, person.profile.userId);
  if (workspaceId === null) return answer;
  const { title, lines, buttons } = await showRules(deps, 'SLACK', workspaceId);
  return {
    ...answer,
    lines: [...answer.lines, ...(title ? [title] : []), ...lines],
    buttons: [...answer.buttons, ...buttons],
  };
}
