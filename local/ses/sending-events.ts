import type { SesMessage } from './journal.js';

/** One event that SES would publish about a mail, and how long after the mail it happens. */
export interface SendingEvent {
  afterMs: number;
  /** @see https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-examples.html */
  event: object;
}

type Part = (recipient: string, at: string, feedbackId: string) => { eventType: string } & object;

/** Quick, and one after the other, so that a person sees each state. */
const SENT_AFTER_MS = 50;
const ANSWERED_AFTER_MS = 250;
const COMPLAINED_AFTER_MS = 500;

/**
 * What the simulator's addresses cause; a label after a plus does not matter. Every other address takes its mail.
 * @see https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html#send-email-simulator
 */
const SIMULATOR: Readonly<Record<string, readonly [afterMs: number, part: Part][]>> = {
  success: [[ANSWERED_AFTER_MS, delivery]],
  bounce: [[ANSWERED_AFTER_MS, bounce('General', '5.1.1', 'smtp; 550 5.1.1 user unknown')]],
  suppressionlist: [
    [ANSWERED_AFTER_MS, bounce('Suppressed', '5.1.1', 'Amazon SES has suppressed sending to this address')],
  ],
  complaint: [
    [ANSWERED_AFTER_MS, delivery],
    [COMPLAINED_AFTER_MS, complaint],
  ],
};

/** The events of one accepted mail, in their order; none without a configuration set, as SES has it. */
export function describeEvents(message: SesMessage): SendingEvent[] {
  if (message.configurationSet === null) return [];
  const acceptedAt = Date.parse(message.at);
  const mail = describeMail(message, message.configurationSet);
  const happen = (afterMs: number, part: Part, recipient: string, number: number): SendingEvent => ({
    afterMs,
    event: {
      ...part(recipient, new Date(acceptedAt + afterMs).toISOString(), `${message.id}-feedback-${number}`),
      mail,
    },
  });
  const answers = message.destinations.flatMap((recipient) =>
    behaviour(recipient).map(([afterMs, part]) => ({ recipient, afterMs, part })),
  );
  return [
    happen(SENT_AFTER_MS, () => ({ eventType: 'Send', send: {} }), '', 0),
    ...answers.map(({ recipient, afterMs, part }, index) => happen(afterMs, part, recipient, index)),
  ];
}

function behaviour(recipient: string): readonly [number, Part][] {
  const [, name = ''] = /^([a-z]+)(?:\+[^@]*)?@simulator\.amazonses\.com$/i.exec(recipient) ?? [];
  return SIMULATOR[name.toLowerCase()] ?? [[ANSWERED_AFTER_MS, delivery]];
}

function delivery(recipient: string, timestamp: string) {
  return {
    eventType: 'Delivery',
    delivery: {
      timestamp,
      processingTimeMillis: ANSWERED_AFTER_MS,
      recipients: [recipient],
      smtpResponse: '250 2.6.0 Message received',
      reportingMTA: 'mta.local',
    },
  };
}

function bounce(bounceSubType: string, status: string, diagnosticCode: string): Part {
  return (emailAddress, timestamp, feedbackId) => ({
    eventType: 'Bounce',
    bounce: {
      bounceType: 'Permanent',
      bounceSubType,
      bouncedRecipients: [{ emailAddress, action: 'failed', status, diagnosticCode }],
      timestamp,
      feedbackId,
      reportingMTA: 'dsn; mta.local',
    },
  });
}

function complaint(emailAddress: string, timestamp: string, feedbackId: string) {
  return {
    eventType: 'Complaint',
    complaint: {
      complainedRecipients: [{ emailAddress }],
      timestamp,
      feedbackId,
      userAgent: 'Local SES',
      complaintFeedbackType: 'abuse',
      complaintSubType: null,
      arrivalDate: timestamp,
    },
  };
}

function describeMail(message: SesMessage, configurationSet: string): object {
  const { id, at, source, destinations, headers, from, to, subject, tags } = message;
  return {
    timestamp: at,
    source,
    sourceArn: `arn:aws:ses:us-east-1:000000000000:identity/${source}`,
    sendingAccountId: '000000000000',
    messageId: id,
    destination: destinations,
    headersTruncated: false,
    headers: Object.entries(headers).map(([name, value]) => ({ name, value })),
    commonHeaders: { from: [from], to: [to], messageId: id, subject },
    tags: Object.fromEntries(
      Object.entries({ 'ses:configuration-set': configurationSet, ...tags }).map(([name, value]) => [
        name,
        [value],
      ]),
    ),
  };
}
