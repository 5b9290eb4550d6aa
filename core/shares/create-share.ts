import { randomUUID } from 'node:crypto';
import type { Prisma } from '../../prisma/generated/client.js';
import type { ShareState } from '../../prisma/generated/enums.js';
import { recordAudit } from '../audit.js';
import { checkMailLimit } from '../deliveries/mail-limit.js';
import { AppError } from '../errors.js';
import { oweNotice } from '../notices.js';
import type { Deps, Limits } from '../ports.js';
import { reserveQuota } from '../billing/quota.js';
import type { ChatReply } from '../identities/chat-user.js';
import { emailKey } from './recipients.js';
import { checkRules, findRules } from './workspace-rules.js';
import {
  checkShareRequest,
  hashRequest,
  type CheckedShareRequest,
  type ShareRequest,
} from './share-request.js';

const DAY_MS = 24 * 60 * 60 * 1000;

export interface CreatedShare {
  shareId: string;
  state: ShareState;
  /** The same request came before; nothing new was made. */
  isRepeat: boolean;
}

type Tx = Prisma.TransactionClient;

/**
 * Accepts a share: all its rows in one transaction, then the job. Safe to repeat: the same request key
 * with the same body gets the first answer. `reply` is where a chat sender is told what became of it; for
 * `undoSeconds` no mail leaves. `places` are the workspaces that it is made in: their rules hold.
 * @throws AppError invalid, forbidden (unconfirmed, paused, against a rule), limit
 */
export async function createShare(
  deps: Pick<Deps, 'db' | 'queue' | 'log' | 'limits'>,
  accountId: string,
  input: ShareRequest,
  {
    reply,
    undoSeconds = 0,
    places = [],
  }: { reply?: ChatReply | undefined; undoSeconds?: number; places?: readonly string[] } = {},
): Promise<CreatedShare> {
  const request = checkShareRequest(input, deps.limits);
  const created = await deps.db.$transaction((tx) =>
    accept(tx, deps.limits, accountId, { request, reply, undoSeconds, places }),
  );
  if (!created.isRepeat) {
    deps.log.info({ shareId: created.shareId, entrance: request.entrance }, 'share accepted');
    if (created.state === 'RECEIVED') await deps.queue.add('store-attachments', { shareId: created.shareId });
  }
  return created;
}

async function accept(
  tx: Tx,
  limits: Limits,
  accountId: string,
  wish: Pick<NewShare, 'request' | 'reply' | 'undoSeconds' | 'places'>,
): Promise<CreatedShare> {
  const { request } = wish;
  const now = await lockAccount(tx, accountId);
  const requestHash = hashRequest(accountId, request);
  const earlier = await tx.share.findUnique({ where: { requestKey: request.requestKey } });
  if (earlier) {
    if (earlier.requestHash !== requestHash) throw new AppError('invalid', 'share.form_stale', {});
    return { shareId: earlier.id, state: earlier.state, isRepeat: true };
  }
  checkRules(await findRules(tx, request.entrance, wish.places), request);
  await checkSender(tx, limits, accountId, request, now);
  const bytes = request.files.reduce((sum, file) => sum + file.sizeBytes, 0);
  await reserveQuota(tx, accountId, bytes, limits.maxLiveBytes);
  return insertShare(tx, { ...wish, accountId, requestHash, bytes, now });
}

/** One share of an account at a time, so that limits cannot be raced. @returns the database's time */
async function lockAccount(tx: Tx, accountId: string): Promise<Date> {
  await tx.$executeRaw`
    INSERT INTO quota (account_id) SELECT id FROM account WHERE id = ${accountId}::uuid ON CONFLICT DO NOTHING`;
  const rows = await tx.$queryRaw<{ now: Date }[]>`
    SELECT now() AS now FROM quota WHERE account_id = ${accountId}::uuid FOR UPDATE`;
  if (!rows[0]) throw new AppError('unauthenticated', 'account.sign_in_failed', {});
  return rows[0].now;
}

async function checkSender(
  tx: Tx,
  limits: Limits,
  accountId: string,
  request: CheckedShareRequest,
  now: Date,
): Promise<void> {
  const account = await tx.account.findUniqueOrThrow({ where: { id: accountId } });
  if (!account.confirmedAt) throw new AppError('forbidden', 'account.not_confirmed', {});
  if (account.pausedAt) throw new AppError('forbidden', 'account.paused', {});
  const hourAgo = new Date(now.getTime() - DAY_MS / 24);
  const recent = await tx.share.findMany({
    where: { accountId, createdAt: { gt: hourAgo } },
    orderBy: { createdAt: 'asc' },
    select: { createdAt: true },
  });
  if (recent[0] && recent.length >= limits.maxSharesPerHour) {
    const at = new Date(recent[0].createdAt.getTime() + DAY_MS / 24);
    throw new AppError(
      'limit',
      'share.rate_limited',
      { max: limits.maxSharesPerHour, at },
      {
        retryAfterSeconds: Math.ceil((at.getTime() - now.getTime()) / 1000),
      },
    );
  }
  await checkMailLimit(tx, limits, account, request.emails.length);
}

interface NewShare {
  accountId: string;
  request: CheckedShareRequest;
  requestHash: string;
  bytes: number;
  now: Date;
  reply: ChatReply | undefined;
  undoSeconds: number;
  places: readonly string[];
}

async function insertShare(tx: Tx, share: NewShare): Promise<CreatedShare> {
  const { accountId, request, now, reply } = share;
  const shareId = randomUUID();
  const isUpload = request.files.some((file) => file.source.kind === 'upload');
  const state = isUpload ? 'AWAITING_UPLOAD' : 'RECEIVED';
  const recipients = request.emails.map((email, position) => {
    return { id: randomUUID(), shareId, position, email, emailKey: emailKey(email) };
  });
  await tx.share.create({
    data: {
      id: shareId,
      accountId,
      entrance: request.entrance,
      requestKey: request.requestKey,
      requestHash: share.requestHash,
      message: request.message || null,
      workspaceIds: [...share.places],
      state,
      createdAt: now,
      expiresAt: new Date(now.getTime() + request.lifetimeDays * DAY_MS),
      mailAfter: new Date(now.getTime() + share.undoSeconds * 1000),
    },
  });
  await tx.attachment.createMany({
    data: request.files.map((file, position) => ({ shareId, position, ...file })),
  });
  await tx.recipient.createMany({ data: recipients });
  await tx.delivery.createMany({
    data: recipients.map(({ id, email }) => ({ kind: 'SHARE', subjectId: id, shareId, email })),
  });
  await tx.usageRecord.create({
    data: {
      accountId,
      shareId,
      kind: 'SHARE',
      fileNames: request.files.map((file) => file.name),
      bytes: share.bytes,
      recipients: request.emails,
    },
  });
  await recordAudit(tx, { accountId, action: 'share.created', subjectId: shareId });
  if (reply) {
    await tx.chatNotice.create({ data: { kind: 'SHARE', subjectId: shareId, ...reply } });
    await oweNotice(tx, 'SHARE', shareId);
  }
  return { shareId, state, isRepeat: false };
}
