import addressparser from 'nodemailer/lib/addressparser';
import { SesError } from './ses-error.js';

/** The v1 API's limit for a whole message; 40 MB is the v2 API's. */
const maxMessageBytes = 10 * 1024 * 1024;
const maxRecipients = 50;
const singleHeaders = [
  'from',
  'to',
  'cc',
  'subject',
  'date',
  'reply-to',
  'message-id',
  'mime-version',
  'content-type',
];

/**
 * Refuses a message that SES would refuse.
 * @throws SesError InvalidParameterValue
 * @see https://docs.aws.amazon.com/ses/latest/APIReference/API_SendRawEmail.html
 */
export function checkMessage(raw: Buffer, headers: Record<string, string>, recipients: string[]): void {
  if (raw.length > maxMessageBytes)
    refuse(`Message length is more than ${maxMessageBytes} bytes long: '${raw.length}'.`);
  if (!headers.from) refuse("Missing required header 'From'.");
  const repeated = singleHeaders.find((name) => headers[name]?.includes('\n'));
  if (repeated) refuse(`Duplicate header '${repeated}'.`);
  if (recipients.length === 0) refuse("Missing required header 'To'.");
  if (recipients.length > maxRecipients) refuse(`Recipient count exceeds ${maxRecipients}.`);
}

/**
 * The bare address in `name <address>` or `address`.
 * @throws SesError InvalidParameterValue for what is not one ASCII address with a domain.
 */
export function readAddress(value: string): string {
  if (/\p{Cc}/u.test(value)) refuse('Address contains control characters.');
  const parsed = addressparser(value, { flatten: true });
  const address = parsed[0]?.address ?? '';
  if (!address.includes('@')) refuse("Missing final '@domain'");
  const label = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
  const isAddress = new RegExp(
    `^(?:"[\\x20-\\x7e]+"|[^\\s@"(),:;<>\\[\\\\\\]\\x80-\\uffff]{1,64})@(?:${label}\\.)*${label}$`,
  );
  if (parsed.length !== 1 || !isAddress.test(address)) refuse('Illegal address');
  return address;
}

/**
 * Keeps the tags of a message as SES would.
 * @throws SesError InvalidParameterValue for a name or value with characters that tags may not have.
 */
export function checkTags(tags: [name: string, value: string][]): Record<string, string> {
  for (const part of tags.flat()) {
    if (!/^[A-Za-z0-9_-]{1,256}$/.test(part))
      refuse(`Invalid tag '${part}': only ASCII letters, digits, _ and - are allowed, 256 at most.`);
  }
  return Object.fromEntries(tags);
}

function refuse(message: string): never {
  throw new SesError('InvalidParameterValue', message);
}
