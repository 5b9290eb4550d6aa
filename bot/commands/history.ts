import { findIdentity } from '../../core/identities/link-codes.js';
import type { ChatUser } from '../../core/identities/chat-user.js';
import { getOwnLink } from '../../core/links/own-link.js';
import { phrase, type Phrase } from '../../core/messages/messages.js';
import { changeAddress } from '../../core/deliveries/change-address.js';
import { findResendable, resendMail } from '../../core/deliveries/resend.js';
import { extendShare } from '../../core/shares/extend-share.js';
import { getShare, listShares, type ShareSummary } from '../../core/shares/list-shares.js';
import { revokeShare } from '../../core/shares/revoke-share.js';
import type { DeliveryState } from '../../prisma/generated/enums.js';
import type { Answer, BotDeps, Button } from '../chat.js';
import { connectFirst } from './answers.js';
import { namesOf, progress, recipientLines, revokeButton } from './progress.js';

const SHARES_PER_PAGE = 5;

/** Where another address may help. */
const IN_VAIN: ReadonlySet<DeliveryState> = new Set<DeliveryState>(['BOUNCED', 'FAILED', 'SUPPRESSED']);

type Mine = (accountId: string) => Promise<Answer>;

/** Runs what only somebody with a connected account may do. */
async function asAccount(deps: BotDeps, person: ChatUser, work: Mine): Promise<Answer> {
  const identity = await findIdentity(deps, person);
  return identity ? work(identity.accountId) : connectFirst();
}

/** The shares of somebody's account, newest first, five on a page. */
export function history(deps: BotDeps, person: ChatUser, page = 1): Promise<Answer> {
  return asAccount(deps, person, async (accountId) => {
    const { shares, hasMore } = await listShares(deps.db, accountId, page, SHARES_PER_PAGE);
    if (shares.length === 0 && page === 1) return only(phrase('chat.history_empty', {}));
    const first = (page - 1) * SHARES_PER_PAGE + 1;
    const turn = (label: 'button.newer' | 'button.older', to: number): Button => {
      return { label: phrase(label, {}), action: 'history', id: String(to), style: 'plain' };
    };
    return {
      title: phrase('chat.history_title', {}),
      lines: shares.map((share, index) => lineOf(share, first + index)),
      buttons: [
        ...shares.map(({ shareId }, index): Button => {
          const label = phrase('button.show', { number: first + index });
          return { label, action: 'show', id: shareId, style: 'plain' };
        }),
        ...(page > 1 ? [turn('button.newer', page - 1)] : []),
        ...(hasMore ? [turn('button.older', page + 1)] : []),
      ],
      isFinal: true,
    };
  });
}

/** The latest shares that still live, each to be revoked with one press. */
export function listRevocable(deps: BotDeps, person: ChatUser): Promise<Answer> {
  return asAccount(deps, person, async (accountId) => {
    const { shares } = await listShares(deps.db, accountId);
    const living = shares.filter(isLiving).slice(0, SHARES_PER_PAGE);
    if (living.length === 0) return only(phrase('chat.nothing_to_revoke', {}));
    return {
      title: phrase('chat.revoke_title', {}),
      lines: living.map((share, index) => lineOf(share, index + 1)),
      buttons: living.map(({ shareId }, index): Button => {
        const label = phrase('button.revoke_one', { number: index + 1 });
        return { label, action: 'revoke', id: shareId, style: 'danger' };
      }),
      isFinal: true,
    };
  });
}

/** One share, with all that its sender can do about it. @throws AppError not_found */
export function showShare(deps: BotDeps, person: ChatUser, shareId: string): Promise<Answer> {
  return asAccount(deps, person, async (accountId) =>
    shareCard(deps, await getShare(deps.db, accountId, shareId)),
  );
}

/** Ends a share: no mail leaves and no download starts any more. Safe to repeat. @throws AppError not_found, unavailable */
export function revoke(deps: BotDeps, person: ChatUser, shareId: string): Promise<Answer> {
  return asAccount(deps, person, async (accountId) => {
    await revokeShare(deps, accountId, shareId);
    return progress(await getShare(deps.db, accountId, shareId));
  });
}

/** Seven more days. `id` is `<share id>.<expiry that was seen, in ms>`. @throws AppError not_found, gone */
export function extend(deps: BotDeps, person: ChatUser, id: string): Promise<Answer> {
  const [shareId = '', seen] = id.split('.', 2);
  return asAccount(deps, person, async (accountId) => {
    await extendShare(deps, accountId, shareId, new Date(Number(seen) || 0));
    return shareCard(deps, await getShare(deps.db, accountId, shareId));
  });
}

/** Mails one recipient again. `id` is `<share id>.<recipient id>`. @throws AppError as resendMail */
export function resend(deps: BotDeps, person: ChatUser, id: string): Promise<Answer> {
  const [shareId = '', recipientId = ''] = id.split('.', 2);
  return asAccount(deps, person, async (accountId) => {
    await resendMail(deps, accountId, shareId, recipientId);
    return shareCard(deps, await getShare(deps.db, accountId, shareId));
  });
}

/** One recipient's link, to be passed on by other means. `id` as for resend. @throws AppError not_found, gone */
export function copyLink(deps: BotDeps, person: ChatUser, id: string): Promise<Answer> {
  const [shareId = '', recipientId = ''] = id.split('.', 2);
  return asAccount(deps, person, async (accountId) => {
    const { email, url } = await getOwnLink(deps, deps.portalUrl, accountId, recipientId);
    const back: Button = { label: phrase('button.back', {}), action: 'show', id: shareId, style: 'plain' };
    return { lines: [phrase('chat.link', { email, url })], buttons: [back], isFinal: true };
  });
}

/** Sends a share to another address instead of one that was wrong. @throws AppError as changeAddress */
export function replaceAddress(
  deps: BotDeps,
  person: ChatUser,
  { id, addressText }: { id: string; addressText: string },
): Promise<Answer> {
  const [shareId = '', recipientId = ''] = id.split('.', 2);
  return asAccount(deps, person, async (accountId) => {
    const { email } = await changeAddress(deps, accountId, { shareId, recipientId, addressText });
    const back: Button = { label: phrase('button.details', {}), action: 'show', id: shareId, style: 'plain' };
    return { lines: [phrase('chat.address_changed', { email })], buttons: [back], isFinal: true };
  });
}

function shareCard({ timings }: Pick<BotDeps, 'timings'>, share: ShareSummary): Answer {
  if (!isLiving(share)) return { ...progress(share), buttons: [backButton()], isFinal: true };
  const { shareId, expiresAt, recipients } = share;
  const resendable = findResendable(share, timings);
  const extendButton: Button = {
    label: phrase('button.extend', {}),
    action: 'extend',
    id: `${shareId}.${expiresAt.getTime()}`,
    style: 'plain',
  };
  return {
    title: phrase('chat.share_title', { names: namesOf(share) }),
    lines: [...recipientLines(share), phrase('chat.share_expiry', { expiresAt })],
    buttons: [
      ...recipients.flatMap(({ recipientId, email, isRevoked, delivery }): Button[] => {
        if (isRevoked) return [];
        const id = `${shareId}.${recipientId}`;
        const copy: Button = {
          label: phrase('button.copy_link', { email }),
          action: 'link',
          id,
          style: 'plain',
        };
        const again: Button = {
          label: phrase('button.resend', { email }),
          action: 'resend',
          id,
          style: 'plain',
        };
        const change: Button = {
          label: phrase('button.change_address', {}),
          action: 'change-address',
          id,
          style: 'plain',
        };
        return [
          ...(share.state === 'READY' ? [copy] : []),
          ...(resendable.includes(recipientId) ? [again] : []),
          ...(share.state === 'READY' && IN_VAIN.has(delivery) ? [change] : []),
        ];
      }),
      extendButton,
      revokeButton(share),
      backButton(),
    ],
    isFinal: true,
  };
}

function backButton(): Button {
  return { label: phrase('button.history', {}), action: 'history', style: 'plain' };
}

function lineOf(share: ShareSummary, number: number): Phrase {
  const { state, createdAt, recipients } = share;
  return phrase('chat.history_line', {
    number,
    names: namesOf(share),
    emails: recipients.map(({ email }) => email),
    createdAt,
    state,
    downloaded: recipients.filter(({ downloads }) => downloads.length > 0).length,
  });
}

function isLiving({ state }: ShareSummary): boolean {
  return ['AWAITING_UPLOAD', 'RECEIVED', 'STORING', 'READY'].includes(state);
}

function only(line: Phrase): Answer {
  return { lines: [line], buttons: [], isFinal: true };
}
