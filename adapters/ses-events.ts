import * as z from 'zod';
import type { FeedbackKind, MailFeedback } from '../core/deliveries/record-feedback.js';

const word = z.string().regex(/^[\w -]{1,64}$/);
const at = z.iso.datetime({ offset: true });

/**
 * The parts of an event that we read; SES may add others. Its tags come as lists, and only of mails that name a
 * configuration set.
 * @see https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
 */
const sesEvent = z.object({
  eventType: z.string(),
  mail: z.object({
    messageId: z.string().min(1).max(200),
    timestamp: at,
    tags: z.record(z.string(), z.array(z.string())).optional(),
  }),
  bounce: z
    .object({ bounceType: word, bounceSubType: word, feedbackId: z.string().min(1).max(200), timestamp: at })
    .optional(),
  complaint: z
    .object({
      complaintFeedbackType: word.nullish(),
      complaintSubType: word.nullish(),
      feedbackId: z.string().min(1).max(200),
      timestamp: at,
    })
    .optional(),
  delivery: z.object({ timestamp: at }).optional(),
  deliveryDelay: z.object({ delayType: word, timestamp: at }).optional(),
  reject: z.object({ reason: word }).optional(),
});

type SesEvent = z.output<typeof sesEvent>;

/** On the list of SES itself, of all its customers or of this account: it took the mail and did not try. */
const NOT_TRIED = new Set(['Suppressed', 'OnAccountSuppressionList']);

/**
 * An event that SES publishes, in our words; null for one that says nothing about a mail of ours: an opened mail,
 * or one without our tag. @throws Error that names the wrong fields and none of their values
 */
export function readSesEvent(json: unknown): MailFeedback | null {
  const read = sesEvent.safeParse(json);
  if (!read.success) throw new Error(`malformed: ${wrongFields(read.error)}`);
  const event = read.data;
  const deliveryId = event.mail.tags?.['delivery-id']?.[0];
  if (!deliveryId || !z.guid().safeParse(deliveryId).success) return null;
  const news = explain(event);
  if (!news) return null;
  const { messageId } = event.mail;
  // Copies may differ in all that brings them, and are the same in what they say.
  const eventId = [event.eventType, messageId, news.id].filter(Boolean).join(':');
  return { eventId, deliveryId, messageId, kind: news.kind, detail: news.detail, at: new Date(news.at) };
}

interface News {
  kind: FeedbackKind;
  /** What tells it from another event of the same kind about the same mail; SES gives few of them an id. */
  id: string;
  detail: string | null;
  at: string;
}

/** @see https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-examples.html */
function explain({ eventType, mail, ...event }: SesEvent): News | null {
  switch (eventType) {
    case 'Send':
      return { kind: 'sent', id: '', detail: null, at: mail.timestamp };
    case 'Delivery': {
      const { timestamp } = need(event.delivery, 'delivery');
      return { kind: 'delivered', id: timestamp, detail: null, at: timestamp };
    }
    case 'DeliveryDelay': {
      const { delayType, timestamp } = need(event.deliveryDelay, 'deliveryDelay');
      return { kind: 'delayed', id: timestamp, detail: delayType, at: timestamp };
    }
    case 'Bounce': {
      const { bounceType, bounceSubType, feedbackId, timestamp } = need(event.bounce, 'bounce');
      const detail = `${bounceType} ${bounceSubType}`;
      return { kind: bounceKind(bounceType, bounceSubType), id: feedbackId, detail, at: timestamp };
    }
    case 'Complaint': {
      const complaint = need(event.complaint, 'complaint');
      const isTried = !NOT_TRIED.has(complaint.complaintSubType ?? '');
      const detail = isTried ? complaint.complaintFeedbackType : complaint.complaintSubType;
      const kind = isTried ? 'complaint' : 'suppressed';
      return { kind, id: complaint.feedbackId, detail: detail ?? null, at: complaint.timestamp };
    }
    case 'Reject':
      return { kind: 'rejected', id: '', detail: need(event.reject, 'reject').reason, at: mail.timestamp };
    default:
      return null;
  }
}

/**
 * Absence notes come as `Transient General`, after the mail was delivered; what SES could not make out may be one too.
 * @see https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html#bounce-types
 */
function bounceKind(type: string, subType: string): FeedbackKind {
  if (NOT_TRIED.has(subType)) return 'suppressed';
  if (type === 'Permanent') return 'hard-bounce';
  return type === 'Transient' && subType !== 'General' ? 'bounce' : 'soft-bounce';
}

function need<T>(part: T | undefined, name: string): T {
  if (part === undefined) throw new Error(`malformed: ${name}`);
  return part;
}

function wrongFields(error: z.ZodError): string {
  return error.issues.map(({ path }) => path.join('.') || 'all of it').join(', ');
}
