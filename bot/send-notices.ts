import type { ChatNotice } from '../prisma/generated/client.js';
import { isAppError } from '../core/errors.js';
import { summarise } from '../core/shares/list-shares.js';
import { languageOf } from '../core/messages/messages.js';
import { speak, type Answer, type BotDeps, type ChatPlatform } from './chat.js';
import { confirmLinkCard } from './commands/answers.js';
import { composeNews } from './commands/news.js';
import { progress } from './commands/progress.js';

const LEASE_SECONDS = 30;

/** The last edits that a platform allows are kept for the end of a share. */
const RESERVED_EDITS = 2;

const MAX_ATTEMPTS = 8;

/** A claimed notice, with whether its first answer can still be edited, by the database's clock. */
type ClaimedNotice = ChatNotice & { canEdit: boolean };

/**
 * Sends one owed chat message, if any is due on the given platforms: the present state, by editing the first
 * answer while the platform allows it, otherwise, and only once all is settled, as a direct message. One
 * process at a time holds a notice, so versions never overtake each other. @returns whether there was one
 */
export async function sendNextNotice(deps: BotDeps, platforms: readonly ChatPlatform[]): Promise<boolean> {
  const notice = await claimNotice(deps, platforms);
  if (!notice) return false;
  const platform = platforms.find((known) => known.platform === notice.platform);
  try {
    if (platform && isNews(notice)) await tell(deps, platform, notice);
    else if (platform) await say(deps, platform, notice);
    await finish(deps, notice);
  } catch (error) {
    deps.log.warn({ noticeId: notice.id, err: error }, 'chat message not sent');
    await postpone(deps, notice, isAppError(error) ? error.retryAfterSeconds : undefined);
  }
  return true;
}

async function claimNotice(deps: BotDeps, platforms: readonly ChatPlatform[]): Promise<ClaimedNotice | null> {
  const names: string[] = platforms.map((platform) => platform.platform);
  const rows = await deps.db.$queryRaw<{ id: string; canEdit: boolean }[]>`
    UPDATE chat_notice SET lease_until = now() + ${LEASE_SECONDS} * interval '1 s', attempts = attempts + 1
    WHERE id = (
      SELECT id FROM chat_notice
      WHERE owed > sent AND next_at <= now() AND (lease_until IS NULL OR lease_until < now())
        AND platform::text = ANY(${names})
      ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id, coalesce(reply_handle IS NOT NULL AND reply_until > now() AND replies_left > 0, false) AS "canEdit"`;
  const [row] = rows;
  if (!row) return null;
  return { ...(await deps.db.chatNotice.findUniqueOrThrow({ where: { id: row.id } })), canEdit: row.canEdit };
}

async function compose(deps: BotDeps, notice: ChatNotice): Promise<Answer | null> {
  if (notice.kind === 'SHARE') {
    const [share] = await summarise(deps.db, [notice.subjectId]);
    return share ? progress(share) : null;
  }
  const code = await deps.db.linkCode.findUnique({
    where: { id: notice.subjectId },
    include: { account: true },
  });
  if (!code?.account || code.closedAt) return null;
  const { firstName, lastName, email } = code.account;
  return { ...confirmLinkCard(code.id, { name: `${firstName} ${lastName}`, email }), isFinal: true };
}

function isNews({ kind }: ChatNotice): boolean {
  return kind !== 'SHARE' && kind !== 'LINK';
}

/** News come as a message of their own, each time that there are some. */
async function tell(deps: BotDeps, platform: ChatPlatform, notice: ChatNotice): Promise<void> {
  const news = await composeNews(deps, notice);
  if (!news) return;
  const isTaken = await platform.message(notice, speak(news.answer, languageOf(notice.language) ?? 'en'));
  if (!isTaken) deps.log.info({ noticeId: notice.id }, 'person takes no messages; the portal shows it');
  if (news.toldUntil)
    await deps.db.chatNotice.update({ where: { id: notice.id }, data: { toldUntil: news.toldUntil } });
}

async function say(deps: BotDeps, platform: ChatPlatform, notice: ClaimedNotice): Promise<void> {
  const answer = await compose(deps, notice);
  if (!answer) return;
  const { replyHandle } = notice;
  const language = languageOf(notice.language) ?? 'en';
  const spoken = speak(answer, language);
  const isWorthIt = answer.isFinal === true || notice.repliesLeft > RESERVED_EDITS;
  if (
    notice.canEdit &&
    replyHandle &&
    isWorthIt &&
    (await platform.edit({ ...notice, replyHandle, language }, spoken))
  ) {
    await deps.db.chatNotice.update({
      where: { id: notice.id },
      data: { repliesLeft: { decrement: 1 }, ...(answer.isFinal ? { settledAt: new Date() } : {}) },
    });
    return;
  }
  if (!answer.isFinal || notice.settledAt) return;
  const isTaken = await platform.message(notice, spoken);
  if (!isTaken) deps.log.info({ noticeId: notice.id }, 'person takes no messages; the portal shows it');
  await deps.db.chatNotice.update({ where: { id: notice.id }, data: { settledAt: new Date() } });
}

async function finish(deps: BotDeps, notice: ChatNotice): Promise<void> {
  await deps.db.chatNotice.updateMany({
    where: { id: notice.id },
    data: { sent: notice.owed, leaseUntil: null, attempts: 0 },
  });
}

/**
 * Tries again later, a few times; after that the person finds it on the portal. A platform that names a time is heeded,
 * and that is no try.
 */
async function postpone(deps: BotDeps, notice: ChatNotice, retryAfterSeconds?: number): Promise<void> {
  const isOver = notice.attempts >= MAX_ATTEMPTS && retryAfterSeconds === undefined;
  const waitMs =
    retryAfterSeconds === undefined ? Math.min(60_000, 500 * 2 ** notice.attempts) : retryAfterSeconds * 1000;
  await deps.db.chatNotice.updateMany({
    where: { id: notice.id },
    data: {
      leaseUntil: null,
      nextAt: new Date(Date.now() + waitMs),
      ...(retryAfterSeconds === undefined ? {} : { attempts: { decrement: 1 } }),
      ...(isOver ? { sent: notice.owed, attempts: 0 } : {}),
    },
  });
}
