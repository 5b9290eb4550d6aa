import { AppError, phraseOf } from '../../core/errors.js';
import type { ChatUser } from '../../core/identities/chat-user.js';
import { phrase, type Phrase } from '../../core/messages/messages.js';
import { saveRulesDraft } from '../../core/shares/rules-drafts.js';
import { createLogLink, LOG_LINK_MINUTES } from '../../core/shares/workspace-log.js';
import {
  displayDomain,
  getRules,
  saveRules,
  type Rules,
  type RulesForm,
} from '../../core/shares/workspace-rules.js';
import type { Answer, BotDeps, Button } from '../chat.js';
import { connectFirst } from './answers.js';

/** The workspace that somebody administers, as the platform says at this moment. @throws AppError forbidden for null */
export function requireGoverned(workspaceId: string | null): string {
  if (workspaceId === null) throw new AppError('forbidden', 'rules.not_admin', {});
  return workspaceId;
}

/** A workspace's rules, with what its administrator can do about them. */
export async function showRules(
  deps: BotDeps,
  platform: ChatUser['platform'],
  workspaceId: string,
): Promise<Answer> {
  const rules = await getRules(deps, { platform, workspaceId });
  return { title: phrase('chat.rules_title', {}), ...rulesSection(rules), isFinal: true };
}

/** Sets them, or says what the form could not be read for, with a way to it as it was filled in. */
export async function changeRules(
  deps: BotDeps,
  by: ChatUser,
  workspaceId: string,
  { rules, mend }: { rules: Rules; mend?: { problem: AppError; form: RulesForm } | undefined },
): Promise<Answer> {
  const governed = { platform: by.platform, workspaceId };
  if (mend) {
    const draftId = await saveRulesDraft(deps, governed, by, mend.form);
    return { lines: [phraseOf(mend.problem)], buttons: [changeButton(draftId)], isFinal: true };
  }
  await saveRules(deps, governed, by, rules);
  const { lines, ...answer } = await showRules(deps, by.platform, workspaceId);
  return { ...answer, lines: [phrase('chat.rules_saved', {}), ...lines] };
}

/** A link to the workspace's share log, for this person alone. */
export async function exportLog(deps: BotDeps, person: ChatUser, workspaceId: string): Promise<Answer> {
  const url = await createLogLink(deps, person, workspaceId);
  if (!url) return connectFirst();
  return {
    lines: [phrase('chat.log_link', { minutes: LOG_LINK_MINUTES })],
    buttons: [],
    link: { label: phrase('button.download_log', {}), url },
    isFinal: true,
  };
}

function changeButton(draftId = ''): Button {
  return { label: phrase('button.change_rules', {}), action: 'change-rules', id: draftId, style: 'plain' };
}

function rulesSection({ allowedDomains, maxLifetimeDays, maxFileBytes }: Rules): {
  lines: Phrase[];
  buttons: Answer['buttons'];
} {
  return {
    lines: [
      phrase('chat.rules_domains', { domains: allowedDomains.map(displayDomain) }),
      phrase('chat.rules_lifetime', { max: maxLifetimeDays }),
      phrase('chat.rules_size', { max: maxFileBytes }),
    ],
    buttons: [
      changeButton(),
      { label: phrase('button.export_log', {}), action: 'export-log', style: 'plain' },
    ],
  };
}
