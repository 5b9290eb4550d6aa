import { phrase, type Phrase } from '../../core/messages/messages.js';
import { summarise, type ShareSummary } from '../../core/shares/list-shares.js';
import type { ChatNotice } from '../../prisma/generated/client.js';
import type { Answer, BotDeps, Button } from '../chat.js';
import { namesOf } from './progress.js';

/** News as a message of its own. */
export interface News {
  answer: Answer;
  /** DOWNLOADS: those until then are told by it. */
  toldUntil?: Date;
}

type Recipient = ShareSummary['recipients'][number];

/** What a sender is told without having asked; null where it is no news any more. */
export async function composeNews(deps: Pick<BotDeps, 'db'>, notice: ChatNotice): Promise<News | null> {
  switch (notice.kind) {
    case 'DOWNLOADS':
      return downloads(deps, notice);
    case 'BOUNCE':
      return bounce(deps, notice.subjectId);
    case 'EXPIRY':
      return expiry(deps, notice.subjectId);
    case 'SHARE':
    case 'LINK':
      throw new TypeError(`a notice of kind ${notice.kind} is an answer, not news`);
  }
}

/** Who fetched what for the first time since the last message: one line for each person. */
async function downloads(
  { db }: Pick<BotDeps, 'db'>,
  { subjectId: shareId, toldUntil }: ChatNotice,
): Promise<News | null> {
  const all = await db.download.findMany({
    where: { recipient: { shareId } },
    orderBy: { createdAt: 'asc' },
    include: { attachment: { select: { name: true } }, recipient: { select: { email: true } } },
  });
  const isFirst = ({ attachmentId, recipientId }: (typeof all)[number], index: number): boolean =>
    all.findIndex((one) => one.attachmentId === attachmentId && one.recipientId === recipientId) === index;
  const fresh = all.filter(isFirst).filter(({ createdAt }) => !toldUntil || createdAt > toldUntil);
  const last = all.at(-1);
  if (fresh.length === 0 || !last) return null;
  const lines = [...new Set(fresh.map(({ recipient }) => recipient.email))].map((email) => {
    const files = fresh.filter(({ recipient }) => recipient.email === email);
    return phrase('chat.downloaded', { email, names: files.map((one) => one.attachment.name).join(', ') });
  });
  const mute: Button = {
    label: phrase('button.mute', {}),
    action: 'set',
    id: 'downloads.off',
    style: 'plain',
  };
  return {
    answer: { lines, buttons: [details(shareId), mute], isFinal: true },
    toldUntil: last.createdAt,
  };
}

/** A mail that did not arrive, or was called spam, with what its sender can do about it. */
async function bounce({ db }: Pick<BotDeps, 'db'>, deliveryId: string): Promise<News | null> {
  const delivery = await db.delivery.findUnique({ where: { id: deliveryId } });
  if (!delivery?.shareId) return null;
  const [share] = await summarise(db, [delivery.shareId]);
  const recipient = share?.recipients.find(({ recipientId }) => recipientId === delivery.subjectId);
  if (!share || !recipient || recipient.isRevoked) return null;
  const told = toldOf(share, recipient);
  if (!told) return null;
  const isLive = share.state === 'READY' && share.expiresAt.getTime() > Date.now();
  const id = `${share.shareId}.${recipient.recipientId}`;
  const { email } = recipient;
  const mending: Button[] = [
    { label: phrase('button.copy_link', { email }), action: 'link', id, style: 'primary' },
    { label: phrase('button.change_address', {}), action: 'change-address', id, style: 'plain' },
  ];
  return {
    answer: {
      title: phrase('chat.share_title', { names: namesOf(share) }),
      lines: [told],
      buttons: [...(isLive ? mending : []), details(share.shareId)],
      isFinal: true,
    },
  };
}

function toldOf(share: ShareSummary, { email, delivery, recipientId }: Recipient): Phrase | null {
  const others = share.recipients.filter((one) => one.recipientId !== recipientId && !one.isRevoked);
  const arrived = others.filter((one) => one.delivery === 'DELIVERED' || one.delivery === 'SENT').length;
  switch (delivery) {
    case 'BOUNCED':
    case 'FAILED':
    case 'SUPPRESSED':
      return phrase('chat.bounced', { email, outcome: delivery, arrived, others: others.length });
    case 'COMPLAINED':
      return phrase('chat.complained', { email });
    default:
      return null;
  }
}

/** A share that ends soon, and who has fetched nothing of it. */
async function expiry({ db }: Pick<BotDeps, 'db'>, shareId: string): Promise<News | null> {
  const [share] = await summarise(db, [shareId]);
  if (share?.state !== 'READY' || share.expiresAt.getTime() <= Date.now()) return null;
  const { expiresAt } = share;
  const people = share.recipients.filter(({ isRevoked }) => !isRevoked);
  const waiting = people.filter((one) => one.downloads.length === 0).map(({ email }) => email);
  return {
    answer: {
      title: phrase('chat.expiring', { names: namesOf(share), expiresAt }),
      lines: [phrase('chat.expiring_waiting', { waiting, people: people.length })],
      buttons: [
        {
          label: phrase('button.extend', {}),
          action: 'extend',
          id: `${shareId}.${expiresAt.getTime()}`,
          style: 'primary',
        },
        details(shareId),
      ],
      isFinal: true,
    },
  };
}

function details(shareId: string): Button {
  return { label: phrase('button.details', {}), action: 'show', id: shareId, style: 'plain' };
}
