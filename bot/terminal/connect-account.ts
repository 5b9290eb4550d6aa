import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../../core/errors.js';
import type { ChatProfile } from '../../core/identities/chat-user.js';
import { PLATFORM_NAMES } from '../../core/identities/link-codes.js';
import { text } from '../../core/messages/messages.js';
import { confirmLinkCard } from '../commands/answers.js';
import { confirmLink, connect, refuseLink } from '../commands/connect.js';
import { render, type Terminal, type TerminalDeps } from './terminal.js';

const LOOK_EVERY_MS = 500;

/**
 * `/connect`: prints the portal's link, waits until somebody has approved there, and then asks for the last word.
 * @returns the exit code @throws AppError gone where nobody approves in time, or as the neutral commands
 */
export async function connectAccount(
  deps: TerminalDeps,
  terminal: Terminal,
  person: ChatProfile,
  isConfirmed: boolean,
): Promise<0 | 1> {
  const { language } = terminal;
  if (!terminal.ask && !isConfirmed) {
    terminal.write(text('chat.confirm_needed', {}, language));
    return 1;
  }
  const answer = await connect(deps, person);
  terminal.write(render(answer, language));
  if (answer.isFinal) return 0;

  const { linkCodeId, account } = await waitForApproval(deps, person);
  const name = `${account.firstName} ${account.lastName}`;
  const question = render(confirmLinkCard(linkCodeId, { name, email: account.email }), language);
  if (isConfirmed) terminal.write(question);
  const isWanted = isConfirmed || (await terminal.ask?.(question)) === true;
  const outcome = isWanted
    ? await confirmLink(deps, person, linkCodeId)
    : await refuseLink(deps, person, linkCodeId);
  terminal.write(render(outcome, language));
  return isWanted ? 0 : 1;
}

async function waitForApproval({ db }: TerminalDeps, { platform, workspaceId, userId }: ChatProfile) {
  for (;;) {
    const code = await db.linkCode.findFirst({
      where: { platform, workspaceId, userId, closedAt: null, expiresAt: { gt: new Date() } },
      include: { account: true },
    });
    if (!code) throw new AppError('gone', 'link.expired', { platform: PLATFORM_NAMES[platform] });
    if (code.account) return { linkCodeId: code.id, account: code.account };
    await delay(LOOK_EVERY_MS);
  }
}
