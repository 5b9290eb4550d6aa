import { describe, expect, test } from 'vitest';
import { readSesEvent } from '../../adapters/ses-events.js';

const deliveryId = '0b8e2f0c-0000-4000-8000-000000000001';
const at = '2026-11-26T00:41:02.669Z';

/** As SES publishes it through a configuration set; the address stands in several places of a real one. */
const event = (eventType: string, part: object = {}, mail: object = {}) => ({
  eventType,
  mail: {
    timestamp: '2026-11-26T00:40:02.012Z',
    source: 'share@passalong.example',
    sendingAccountId: '123456789012',
    messageId: 'm-1',
    destination: ['bob@x.org'],
    headersTruncated: false,
    headers: [{ name: 'To', value: 'bob@x.org' }],
    tags: {
      'ses:configuration-set': ['passalong'],
      'delivery-id': [deliveryId],
      'share-id': ['0b8e2f0c-0000-4000-8000-000000000002'],
    },
    ...mail,
  },
  ...part,
});

const bounce = (bounceType: string, bounceSubType: string) =>
  event('Bounce', {
    bounce: {
      bounceType,
      bounceSubType,
      bouncedRecipients: [{ emailAddress: 'bob@x.org', diagnosticCode: 'smtp; 550 5.1.1 <bob@x.org>' }],
      timestamp: at,
      feedbackId: 'f-1',
    },
  });
const complaint = (part: object) =>
  event('Complaint', { complaint: { timestamp: at, feedbackId: 'f-2', ...part } });

describe('an event of SES', () => {
  test.each([
    [event('Send', { send: {} }), 'sent', 'Send:m-1', null],
    [
      event('Delivery', { delivery: { timestamp: at, recipients: ['bob@x.org'] } }),
      'delivered',
      `Delivery:m-1:${at}`,
      null,
    ],
    [
      event('DeliveryDelay', { deliveryDelay: { delayType: 'MailboxFull', timestamp: at } }),
      'delayed',
      `DeliveryDelay:m-1:${at}`,
      'MailboxFull',
    ],
    [event('Reject', { reject: { reason: 'Bad content' } }), 'rejected', 'Reject:m-1', 'Bad content'],
    [bounce('Permanent', 'General'), 'hard-bounce', 'Bounce:m-1:f-1', 'Permanent General'],
    [bounce('Permanent', 'NoEmail'), 'hard-bounce', 'Bounce:m-1:f-1', 'Permanent NoEmail'],
    [bounce('Permanent', 'Suppressed'), 'suppressed', 'Bounce:m-1:f-1', 'Permanent Suppressed'],
    [
      bounce('Permanent', 'OnAccountSuppressionList'),
      'suppressed',
      'Bounce:m-1:f-1',
      'Permanent OnAccountSuppressionList',
    ],
    [bounce('Transient', 'MailboxFull'), 'bounce', 'Bounce:m-1:f-1', 'Transient MailboxFull'],
    [bounce('Transient', 'General'), 'soft-bounce', 'Bounce:m-1:f-1', 'Transient General'],
    [bounce('Undetermined', 'Undetermined'), 'soft-bounce', 'Bounce:m-1:f-1', 'Undetermined Undetermined'],
    [
      complaint({ complaintFeedbackType: 'abuse', complaintSubType: null }),
      'complaint',
      'Complaint:m-1:f-2',
      'abuse',
    ],
    [complaint({}), 'complaint', 'Complaint:m-1:f-2', null],
    [
      complaint({ complaintSubType: 'OnAccountSuppressionList' }),
      'suppressed',
      'Complaint:m-1:f-2',
      'OnAccountSuppressionList',
    ],
  ] as const)('%# is read in our words, without an address', (json, kind, eventId, detail) => {
    const read = readSesEvent(json);
    expect(read).toMatchObject({ deliveryId, messageId: 'm-1', kind, eventId, detail });
    expect(read?.at).toBeInstanceOf(Date);
    expect(JSON.stringify(read)).not.toContain('@');
  });

  test.each([
    ['an opened mail', event('Open', { open: { timestamp: at } })],
    ['a type that is new', event('Teleported')],
    ['a mail without our tag', event('Send', {}, { tags: {} })],
    ['a mail without tags', event('Send', {}, { tags: undefined })],
    ['a tag that is no id', event('Send', {}, { tags: { 'delivery-id': ["x'; DROP"] } })],
  ])('about %s says nothing about ours', (_, json) => {
    expect(readSesEvent(json)).toBeNull();
  });

  test.each([
    ['nothing', null, 'all of it'],
    ['a text', 'bob@x.org', 'all of it'],
    ['another notification', { notificationType: 'Bounce' }, 'eventType, mail'],
    ['a bounce without its part', event('Bounce'), 'bounce'],
    [
      'a time that is none',
      event('Delivery', { delivery: { timestamp: 'bob@x.org' } }),
      'delivery.timestamp',
    ],
    ['a word with an address in it', bounce('Permanent <bob@x.org>', 'General'), 'bounce.bounceType'],
  ])('that is %s is refused by the names of its fields alone', (_, json, fields) => {
    expect(() => readSesEvent(json)).toThrow(new Error(`malformed: ${fields}`));
  });
});
