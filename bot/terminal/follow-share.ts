import { setTimeout as delay } from 'node:timers/promises';
import { text } from '../../core/messages/messages.js';
import { summarise, type ShareSummary } from '../../core/shares/list-shares.js';
import type { DeliveryState } from '../../prisma/generated/enums.js';
import { progress } from '../commands/progress.js';
import { render, type Terminal, type TerminalDeps } from './terminal.js';

const LOOK_EVERY_MS = 300;
const TIME_LIMIT_MS = 2 * 60_000;

const HAS_LEFT: ReadonlySet<DeliveryState> = new Set<DeliveryState>([
  'SENT',
  'DELIVERED',
  'BOUNCED',
  'COMPLAINED',
]);

/** Says where a share stands, whenever that changes, until it is settled. @returns 0 when every mail has left */
export async function followShare(
  { db }: Pick<TerminalDeps, 'db'>,
  terminal: Pick<Terminal, 'write' | 'language'>,
  shareId: string,
  timeLimitMs = TIME_LIMIT_MS,
): Promise<0 | 1> {
  const startedAt = performance.now();
  let said = '';
  while (performance.now() - startedAt < timeLimitMs) {
    const [share] = await summarise(db, [shareId]);
    if (!share) return 1;
    const answer = progress(share);
    const news = render(answer, terminal.language);
    if (news !== said) terminal.write(news);
    said = news;
    if (answer.isFinal) return isMailed(share) ? 0 : 1;
    await delay(LOOK_EVERY_MS);
  }
  terminal.write(text('chat.still_under_way', {}, terminal.language));
  return 1;
}

function isMailed({ state, recipients }: ShareSummary): boolean {
  return state === 'READY' && recipients.every(({ delivery }) => HAS_LEFT.has(delivery));
}
