import { randomUUID } from 'node:crypto';
import { findLanguage } from '../../core/identities/find-language.js';
import type { SlackAdministrators } from '../../core/identities/installations.js';
import type { ChatReply } from '../../core/identities/chat-user.js';
import type { SlackFiles } from '../../core/ports.js';
import { isFirstSeen } from '../../core/seen-request.js';
import type { BotDeps, CommandResult } from '../chat.js';
import { explain } from '../commands/share.js';
import type { SlackAnswers, SlackClients } from './slack-answers.js';

/** What the Slack platform works with. */
export type SlackDeps = BotDeps & { slackFiles: SlackFiles };

/** What every listener is given. */
export interface SlackTools {
  deps: SlackDeps;
  /** Calls as our app in one workspace, quickly: a person waits. @throws AppError as SlackTokens */
  clientFor: SlackClients;
  answers: SlackAnswers;
  /** Whose rules somebody may set: asked anew each time. */
  governs: SlackAdministrators;
}

/**
 * Runs one neutral command for somebody and shows what it says, or why it could not be done; nothing where the
 * answer is owed by a row, or where `onceKey` was seen before. Never throws: the person has been acknowledged already.
 */
export async function runCommand(
  { deps, answers }: SlackTools,
  to: ChatReply,
  onceKey: string,
  command: (reply: ChatReply) => Promise<CommandResult>,
): Promise<void> {
  const reference = randomUUID().slice(0, 8);
  try {
    // Slack says nobody's language without one more scope, so the account's own choice counts.
    const reply = { ...to, language: await findLanguage(deps, to) };
    const answer = await obeyOnce(deps, onceKey, () => command(reply)).catch((error: unknown) =>
      explain(deps, error, reference),
    );
    if (answer) await answers.tell(reply, answer);
  } catch (error) {
    deps.log.warn({ err: error, reference }, 'answer not shown in Slack');
  }
}

async function obeyOnce(
  deps: SlackDeps,
  key: string,
  command: () => Promise<CommandResult>,
): Promise<CommandResult> {
  if (await isFirstSeen(deps, key)) return command();
  deps.log.info({}, 'repeated event of Slack not obeyed again');
  return null;
}
