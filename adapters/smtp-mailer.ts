import { Readable } from 'node:stream';
import SMTPConnection from 'nodemailer/lib/smtp-connection/index.js';
import type { Mailer, MailResult } from '../core/ports.js';
import { composeMime } from './compose-mime.js';

export interface SmtpOptions {
  /** `smtp://user:password@host:587`, or `smtps://…`: see `readServer`. */
  url: string;
  /** The address of every From line, and the sender of the envelope. */
  from: string;
  /** Of the whole call, 15 s unless told: less than the third of a lease that is left when it begins. */
  timeoutMs?: number | undefined;
}

/** What a server answers that is about our session, not about the recipient or the message: it may pass. */
const ABOUT_US = new Set([503, 530, 535, 538]);

/** Machines that nobody can listen between. */
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/;

type SmtpError = Parameters<NonNullable<Parameters<SMTPConnection['connect']>[0]>>[0];

/**
 * Mails by SMTP: one connection and one try for each mail, since a server that is offered a mail twice sends it twice.
 * The id of a mail is that of its own Message-ID line: a server tells none that would be the same everywhere.
 */
export function createSmtpMailer({ url, from, timeoutMs = 15_000 }: SmtpOptions): Mailer {
  const server = readServer(url);
  return {
    async send(mail) {
      const { raw, messageId } = await composeMime(mail, from);
      return handOver(server, { from, to: mail.to }, { raw, messageId }, timeoutMs);
    },
  };
}

interface Server {
  connection: ConstructorParameters<typeof SMTPConnection>[0];
  credentials: { user: string; pass: string } | null;
}

/**
 * `smtps:` is TLS from the first byte (port 465), `smtp:` is STARTTLS (587), which a server must offer, with a
 * certificate that holds. Only on this machine, or with `?tls=none`, is a line left in the clear.
 */
function readServer(text: string): Server {
  const url = new URL(text);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const secure = url.protocol === 'smtps:';
  const isClear = LOOPBACK.test(host) || url.searchParams.get('tls') === 'none';
  const [user, pass] = [url.username, url.password].map(decodeURIComponent);
  return {
    connection: {
      host,
      port: Number(url.port) || (secure ? 465 : 587),
      secure,
      ...(isClear ? { ignoreTLS: true } : { requireTLS: true }),
      connectionTimeout: 5_000,
      greetingTimeout: 5_000,
      dnsTimeout: 5_000,
    },
    credentials: user && pass ? { user, pass } : null,
  };
}

function handOver(
  { connection: settings, credentials }: Server,
  envelope: { from: string; to: string },
  { raw, messageId }: { raw: Buffer; messageId: string },
  timeoutMs: number,
): Promise<MailResult> {
  return new Promise((resolve) => {
    const connection = new SMTPConnection({ ...settings, socketTimeout: timeoutMs });
    let hasBegun = false;
    // Read once the server has said that it takes the message now: until then not a byte of it left.
    const body = new Readable({
      read() {
        hasBegun = true;
        this.push(raw);
        this.push(null);
      },
    });
    const fail = (error: SmtpError | undefined): void => {
      clearTimeout(timer);
      connection.close();
      resolve(explain(error, hasBegun));
    };
    const timer = setTimeout(() => {
      fail(Object.assign(new Error('the time is over'), { code: 'ETIMEDOUT' }));
    }, timeoutMs);
    const send = (): void => {
      connection.send(envelope, body, (error) => {
        if (error) {
          fail(error);
          return;
        }
        clearTimeout(timer);
        connection.quit();
        resolve({ outcome: 'sent', messageId });
      });
    };
    // Also later: what becomes of a line that has done its work is nobody's concern.
    connection.on('error', fail);
    connection.connect((error) => {
      if (error) fail(error);
      else if (!credentials) send();
      else connection.login(credentials, (refusal) => (refusal ? fail(refusal) : send()));
    });
  });
}

/**
 * Only proof that the server did not take the mail lets it be tried again; see docs/states.md. Proof is that none of
 * the message left, or the server's own answer to all of it. A broken line after that proves nothing.
 */
function explain(error: SmtpError | undefined, hasBegun: boolean): MailResult {
  const { code = 'unknown', originalCode, responseCode = 0, command = '' } = error ?? {};
  const errorCode = responseCode > 0 ? `smtp ${responseCode}` : (originalCode ?? code);
  const isAnswer = code === 'EMESSAGE' && responseCode >= 400;
  if (hasBegun && !isAnswer) return { outcome: 'unknown', errorCode };
  const isAboutThisMail = responseCode >= 500 && !ABOUT_US.has(responseCode);
  const outcome = isAboutThisMail && ['RCPT TO', 'DATA'].includes(command) ? 'refused' : 'not-taken';
  return { outcome, errorCode };
}
