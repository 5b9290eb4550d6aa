import { randomBytes, randomUUID } from 'node:crypto';
import MailComposer from 'nodemailer/lib/mail-composer';
import { checkMessage, checkTags, readAddress } from './check-message.js';
import { escapeMarkup } from './escape-markup.js';
import type { EventOutbox } from './event-outbox.js';
import type { Journal, SesMessage } from './journal.js';
import { parseMessage } from './parse-message.js';
import type { SendingAccount } from './sending-account.js';
import { SesError } from './ses-error.js';

export interface QueryApi {
  journal: Journal;
  account: SendingAccount;
  events: EventOutbox;
}

type Action = (api: QueryApi, form: URLSearchParams) => string | Promise<string>;

const actions: Record<string, Action> = {
  SendRawEmail: (api, form) =>
    acceptMail(api, form, Buffer.from(form.get('RawMessage.Data') ?? '', 'base64')),
  SendEmail: async (api, form) => acceptMail(api, form, await composeMail(form)),
  GetSendQuota({ account }) {
    const { max24HourSend, maxSendRate, sentLast24Hours } = account.quota();
    return (
      `<Max24HourSend>${max24HourSend}</Max24HourSend><MaxSendRate>${maxSendRate}</MaxSendRate>` +
      `<SentLast24Hours>${sentLast24Hours}</SentLast24Hours>`
    );
  },
  VerifyEmailIdentity({ account }, form) {
    account.verifyIdentity(readAddress(form.get('EmailAddress') ?? ''));
    return '';
  },
  ListIdentities({ account }, form) {
    const type = form.get('IdentityType');
    const listed = account
      .listIdentities()
      .filter((identity) => !type || (type === 'EmailAddress') === identity.includes('@'));
    return `<Identities>${listed.map((identity) => `<member>${escapeMarkup(identity)}</member>`).join('')}</Identities>`;
  },
  GetIdentityVerificationAttributes({ account }, form) {
    const entries = readList(form, 'Identities')
      .filter((identity) => account.isVerified(identity))
      .map(
        (identity) =>
          `<entry><key>${escapeMarkup(identity)}</key>` +
          '<value><VerificationStatus>Success</VerificationStatus></value></entry>',
      );
    return `<VerificationAttributes>${entries.join('')}</VerificationAttributes>`;
  },
};

/** Whether a request would mail something: the fault modes apply to these alone. */
export function isSend(form: URLSearchParams): boolean {
  return ['SendRawEmail', 'SendEmail'].includes(form.get('Action') ?? '');
}

/**
 * Does what a form of the SES v1 query API asks and returns the XML answer. A mail is in the journal by then.
 * @throws SesError what the API answers with an error document.
 * @see https://docs.aws.amazon.com/ses/latest/APIReference/Welcome.html
 */
export async function answerQuery(api: QueryApi, form: URLSearchParams): Promise<string> {
  const name = form.get('Action') ?? '';
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (!action) throw new SesError('InvalidAction', `Could not find operation ${name} for version 2010-12-01`);
  const result = await action(api, form);
  return (
    `<${name}Response xmlns="http://ses.amazonaws.com/doc/2010-12-01/"><${name}Result>${result}</${name}Result>` +
    `<ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata></${name}Response>`
  );
}

/** The error document of the query API. */
export function errorXml({ code, message, status }: SesError): string {
  return (
    `<ErrorResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/"><Error><Type>${status < 500 ? 'Sender' : 'Receiver'}</Type>` +
    `<Code>${code}</Code><Message>${escapeMarkup(message)}</Message></Error><RequestId>${randomUUID()}</RequestId></ErrorResponse>`
  );
}

async function acceptMail(
  { journal, account, events }: QueryApi,
  form: URLSearchParams,
  raw: Buffer,
): Promise<string> {
  const { recipients: addressees, ...content } = await parseMessage(raw);
  const given = [
    ...readList(form, 'Destinations'),
    ...['To', 'Cc', 'Bcc'].flatMap((field) => readList(form, `Destination.${field}Addresses`)),
  ];
  const recipients = given.length > 0 ? given : addressees;
  checkMessage(raw, content.headers, recipients);
  const destinations = recipients.map(readAddress);
  const source = readAddress(form.get('Source') ?? content.from);
  const tags = checkTags(readTags(form, content.headers['x-ses-message-tags'] ?? ''));
  account.admit(destinations);

  const id = `0100${randomBytes(6).toString('hex')}-${randomUUID()}-000000`;
  const configurationSet =
    form.get('ConfigurationSetName') ?? content.headers['x-ses-configuration-set'] ?? null;
  const at = new Date().toISOString();
  const message: SesMessage = { id, at, source, destinations, ...content, tags, configurationSet };
  await journal.append(message, raw);
  await events.record(message);
  return `<MessageId>${id}</MessageId>`;
}

function composeMail(form: URLSearchParams): Promise<Buffer> {
  const text = form.get('Message.Body.Text.Data');
  const html = form.get('Message.Body.Html.Data');
  return new MailComposer({
    from: form.get('Source') ?? '',
    to: readList(form, 'Destination.ToAddresses'),
    cc: readList(form, 'Destination.CcAddresses'),
    replyTo: readList(form, 'ReplyToAddresses'),
    subject: form.get('Message.Subject.Data') ?? '',
    ...(text !== null && { text }),
    ...(html !== null && { html }),
  })
    .compile()
    .build();
}

/** `Name.member.1`, `Name.member.2` and so on, as the query protocol writes a list. */
function readList(form: URLSearchParams, name: string): string[] {
  const values: string[] = [];
  for (let value; (value = form.get(`${name}.member.${values.length + 1}`)) !== null;) values.push(value);
  return values;
}

/** The request's tags; without any, those of the message's own X-SES-MESSAGE-TAGS header, `a=1, b=2`. */
function readTags(form: URLSearchParams, header: string): [name: string, value: string][] {
  const tags: [string, string][] = [];
  for (let name; (name = form.get(`Tags.member.${tags.length + 1}.Name`)) !== null;)
    tags.push([name, form.get(`Tags.member.${tags.length + 1}.Value`) ?? '']);
  if (tags.length > 0 || header === '') return tags;
  return header.split(/[,;]/).map((pair) => {
    const [name = '', value = ''] = pair.split('=');
    return [name.trim(), value.trim()];
  });
}
