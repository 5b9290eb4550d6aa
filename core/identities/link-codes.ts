import type { LinkCode, Platform } from '../../prisma/generated/client.js';
import { checkPasswordAgain } from '../accounts/authenticate.js';
import { recordAudit } from '../audit.js';
import { addMail, markMail, type OweMailDeps } from '../deliveries/owe-mail.js';
import { AppError } from '../errors.js';
import { mintToken, readToken } from '../links/tokens.js';
import { oweNotice } from '../notices.js';
import type { Deps } from '../ports.js';
import { isUuid } from '../uuid.js';
import type { ChatProfile, ChatReply, ChatUser } from './chat-user.js';

const LIFETIME_MS = 10 * 60 * 1000;

/** How a platform is called to people. */
export const PLATFORM_NAMES: Readonly<Record<Platform, string>> = {
  SLACK: 'Slack',
  DISCORD: 'Discord',
  TERMINAL: 'the terminal',
};

/**
 * A link on which somebody signed in to the portal may approve that `person` shares from their account. It
 * names the person and carries no right by itself: the same person confirms in chat afterwards.
 * An earlier code of the person stops working.
 */
export async function createLinkCode(
  deps: Pick<Deps, 'db' | 'linkSecrets'>,
  portalUrl: string,
  person: ChatProfile,
  reply?: ChatReply,
): Promise<{ linkCodeId: string; url: string }> {
  const { platform, workspaceId, userId } = person;
  const code = await deps.db.$transaction(async (tx) => {
    await tx.linkCode.updateMany({
      where: { platform, workspaceId, userId, closedAt: null },
      data: { closedAt: new Date() },
    });
    const made = await tx.linkCode.create({
      data: { ...person, expiresAt: new Date(Date.now() + LIFETIME_MS) },
    });
    if (reply) await tx.chatNotice.create({ data: { kind: 'LINK', subjectId: made.id, ...reply } });
    return made;
  });
  return {
    linkCodeId: code.id,
    url: `${portalUrl}/connect/${mintToken(deps.linkSecrets, 'connect-chat', code.id)}`,
  };
}

/** What the portal page names before anything is approved. @throws AppError gone where the code is made up, used or too old */
export async function getLinkCode(deps: Pick<Deps, 'db' | 'linkSecrets'>, token: string): Promise<LinkCode> {
  const id = readToken(deps.linkSecrets, 'connect-chat', token);
  const code = id && (await deps.db.linkCode.findUnique({ where: { id } }));
  if (!code) throw new AppError('gone', 'link.expired', { platform: 'chat' });
  if (code.closedAt || code.approvedAt || code.expiresAt.getTime() <= Date.now()) {
    throw new AppError('gone', 'link.expired', { platform: PLATFORM_NAMES[code.platform] });
  }
  return code;
}

/**
 * The account's owner approves, with the password again; the person in chat is then asked to confirm.
 * @throws AppError gone, invalid (wrong password, identity taken), forbidden (unconfirmed account), limit
 */
export async function approveLinkCode(
  deps: Pick<Deps, 'db' | 'linkSecrets' | 'passwords' | 'rates'>,
  token: string,
  accountId: string,
  password: string,
): Promise<LinkCode> {
  const code = await getLinkCode(deps, token);
  await checkPasswordAgain(deps, accountId, password);
  const account = await deps.db.account.findUniqueOrThrow({ where: { id: accountId } });
  if (!account.confirmedAt) throw new AppError('forbidden', 'account.not_confirmed', {});
  const taken = await findIdentity(deps, code);
  if (taken && taken.accountId !== accountId) {
    throw new AppError('invalid', 'link.taken', { platform: PLATFORM_NAMES[code.platform] });
  }
  await deps.db.$transaction(async (tx) => {
    const approved = await tx.linkCode.updateMany({
      where: { id: code.id, approvedAt: null, closedAt: null },
      data: { accountId, approvedAt: new Date() },
    });
    if (approved.count === 0)
      throw new AppError('gone', 'link.expired', { platform: PLATFORM_NAMES[code.platform] });
    await oweNotice(tx, 'LINK', code.id);
  });
  return code;
}

/**
 * Somebody says that they did not ask for it: the code is dead. In chat (`by`) only the person it was minted for can
 * say so; on the portal, whoever holds the link. Safe to repeat.
 */
export async function refuseLinkCode(
  deps: Pick<Deps, 'db'>,
  linkCodeId: string,
  by?: ChatUser,
): Promise<void> {
  const whose = by && { platform: by.platform, workspaceId: by.workspaceId, userId: by.userId };
  await deps.db.linkCode.updateMany({
    where: { id: linkCodeId, closedAt: null, ...whose },
    data: { closedAt: new Date() },
  });
  await oweNotice(deps.db, 'LINK', linkCodeId);
}

/**
 * The last step, in chat, by the very person the code was minted for: only now the identity exists, and with it the
 * mail that tells the account's owner.
 * @returns the account @throws AppError forbidden (somebody else), gone (unapproved, used, too old), invalid (taken)
 */
export async function confirmLinkCode(
  deps: OweMailDeps,
  linkCodeId: string,
  by: ChatUser,
): Promise<{ accountId: string; email: string }> {
  const { deliveryId, ...linked } = await deps.db.$transaction(async (tx) => {
    const platform = PLATFORM_NAMES[by.platform];
    const code = isUuid(linkCodeId)
      ? await tx.linkCode.findUnique({ where: { id: linkCodeId }, include: { account: true } })
      : null;
    if (!code?.account) throw new AppError('gone', 'link.expired', { platform });
    const { account, platform: codePlatform, workspaceId, userId, userName, workspaceName } = code;
    if (codePlatform !== by.platform || workspaceId !== by.workspaceId || userId !== by.userId) {
      throw new AppError('forbidden', 'link.not_yours', {});
    }
    const closed = await tx.$executeRaw`
      UPDATE link_code SET closed_at = now()
      WHERE id = ${linkCodeId}::uuid AND closed_at IS NULL AND approved_at IS NOT NULL AND expires_at > now()`;
    if (closed === 0) throw new AppError('gone', 'link.expired', { platform });
    const known = await tx.chatIdentity.findUnique({
      where: { platform_workspaceId_userId: { platform: codePlatform, workspaceId, userId } },
    });
    if (known && known.accountId !== account.id) throw new AppError('invalid', 'link.taken', { platform });
    if (!known) {
      const identity = {
        accountId: account.id,
        platform: codePlatform,
        workspaceId,
        userId,
        userName,
        workspaceName,
      };
      await tx.chatIdentity.create({ data: identity });
      await recordAudit(tx, { accountId: account.id, action: 'identity.linked' });
    }
    const to = { accountId: account.id, email: account.email };
    return { ...to, deliveryId: await addMail(tx, { kind: 'NOTICE', topic: 'chat-connected', ...to }) };
  });
  if (deliveryId) await markMail(deps, deliveryId);
  return linked;
}

/** The identity of a chat user, or null where none is connected: that is an answer, not an error. */
export async function findIdentity(
  deps: Pick<Deps, 'db'>,
  { platform, workspaceId, userId }: ChatUser,
): Promise<{ id: string; accountId: string } | null> {
  return deps.db.chatIdentity.findUnique({
    where: { platform_workspaceId_userId: { platform, workspaceId, userId } },
    select: { id: true, accountId: true },
  });
}

/** Disconnects one identity of an account. Safe to repeat. */
export async function unlinkIdentity(
  deps: Pick<Deps, 'db'>,
  accountId: string,
  identityId: string,
): Promise<void> {
  if (!isUuid(identityId)) return;
  const removed = await deps.db.chatIdentity.deleteMany({ where: { id: identityId, accountId } });
  if (removed.count > 0) await recordAudit(deps.db, { accountId, action: 'identity.unlinked' });
}
