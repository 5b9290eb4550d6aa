import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSmtpMailer } from '../../adapters/smtp-mailer.js';
import type { Mailer } from '../../core/ports.js';
import { startSmtp, type SmtpFault, type SmtpStep, type TestSmtp } from '../support/start-smtp.js';
import { describeMailer, mail } from './mailer-contract.js';

let smtp: TestSmtp;

beforeEach(async () => {
  smtp = await startSmtp();
});

afterEach(() => smtp.close());

function createMailer(url = smtp.url, timeoutMs = 2_000): Mailer {
  return createSmtpMailer({ url, from: 'no-reply@portal.test', timeoutMs });
}

describeMailer('SMTP', async () => {
  const server = await startSmtp();
  return {
    mailer: createMailer(server.url),
    received: async () => server.received,
    close: () => server.close(),
  };
});

test('a mail is known by its Message-ID, which is made of its delivery', async () => {
  const messageId = `${mail.deliveryId}@portal.test`;
  expect(await createMailer().send(mail)).toEqual({ outcome: 'sent', messageId });
});

describe('what became of a mail', () => {
  // Where the line breaks or falls silent once the message is on its way, nobody knows; before that, and where the
  // server has answered, everybody does.
  const outcomes: [SmtpStep, SmtpFault, string, received: number][] = [
    ['connect', 421, 'not-taken', 0],
    ['connect', 554, 'not-taken', 0],
    ['connect', 'break', 'not-taken', 0],
    ['sender', 451, 'not-taken', 0],
    ['sender', 530, 'not-taken', 0],
    ['sender', 550, 'not-taken', 0],
    ['sender', 'break', 'not-taken', 0],
    ['recipient', 421, 'not-taken', 0],
    ['recipient', 450, 'not-taken', 0],
    ['recipient', 503, 'not-taken', 0],
    ['recipient', 530, 'not-taken', 0],
    ['recipient', 550, 'refused', 0],
    ['recipient', 553, 'refused', 0],
    ['recipient', 'break', 'not-taken', 0],
    ['message', 421, 'not-taken', 1],
    ['message', 451, 'not-taken', 1],
    ['message', 552, 'refused', 1],
    ['message', 554, 'refused', 1],
    ['message', 'break', 'unknown', 1],
  ];

  test.each(outcomes)(
    'where the server says to the %s: %s, is "%s"',
    async (step, fault, outcome, received) => {
      smtp.faults[step] = fault;
      const errorCode = typeof fault === 'number' ? `smtp ${fault}` : (expect.any(String) as string);
      expect(await createMailer().send(mail)).toEqual({ outcome, errorCode });
      // A second try would have met a healthy server, or left another message.
      expect(smtp.received).toHaveLength(received);
      expect(smtp.connections.opened).toBe(1);
    },
  );

  test.each([
    ['connect', 'not-taken', 0],
    ['sender', 'not-taken', 0],
    ['recipient', 'not-taken', 0],
    ['message', 'unknown', 1],
  ] as const)(
    'where the server falls silent at the %s, is "%s" once the time is over',
    async (step, outcome, received) => {
      smtp.faults[step] = 'hang';
      expect(await createMailer(smtp.url, 1_500).send(mail)).toEqual({ outcome, errorCode: 'ETIMEDOUT' });
      expect(smtp.received).toHaveLength(received);
    },
  );

  test('with nobody at the other end is "not-taken"', async () => {
    await smtp.close();
    expect(await createMailer().send(mail)).toEqual({ outcome: 'not-taken', errorCode: 'ECONNREFUSED' });
    const nobody = createMailer('smtp://nobody.invalid?tls=none');
    expect(await nobody.send(mail)).toMatchObject({ outcome: 'not-taken' });
  });

  // An answer that is cut off may have meant anything.
  test.each(['', '45', '451', '451 not', '250', '250-so ', '354 more\r\n'])(
    'whose server has heard all of it, says "%s" and hangs up, is "unknown"',
    async (lastWords) => {
      const server = await startScripted(lastWords);
      expect(await createMailer(urlOf(server)).send(mail)).toMatchObject({ outcome: 'unknown' });
      server.close();
    },
  );
});

describe('who signs in', () => {
  test('does so with the user and the password of the URL, whatever characters they have', async () => {
    const url = smtp.url.replace('//', '//us%40er:p%40ss%2Fword@');
    expect(await createMailer(url).send(mail)).toMatchObject({ outcome: 'sent' });
    expect(smtp.logins).toEqual([{ user: 'us@er', isSecure: false }]);
  });

  test.each([
    ['a wrong password', 'user:wrong', undefined],
    ['a server that lets nobody in now', 'user:p%40ss%2Fword', 454],
    ['a server that breaks the line', 'user:p%40ss%2Fword', 'break'],
  ] as const)('with %s keeps the mail: that is about us, and may pass', async (_, user, fault) => {
    if (fault) smtp.faults.auth = fault;
    const sent = await createMailer(smtp.url.replace('//', `//${user}@`)).send(mail);
    expect(sent).toMatchObject({ outcome: 'not-taken' });
    expect(smtp.received).toEqual([]);
  });
});

describe('a line to another machine', () => {
  // This machine by a name that does not say so.
  const elsewhere = (scheme: string, port: number): string =>
    `${scheme}://user:p%40ss%2Fword@[::ffff:7f00:1]:${port}`;

  test('is not used without encryption: neither the password nor the mail leaves', async () => {
    expect(await createMailer(elsewhere('smtp', smtp.port)).send(mail)).toMatchObject({
      outcome: 'not-taken',
    });
    expect({ logins: smtp.logins, received: smtp.received }).toEqual({ logins: [], received: [] });
  });

  test.each([
    ['smtp', false],
    ['smtps', true],
  ])('by %s is not used where the certificate is nobody’s', async (scheme, secure) => {
    const other = await startSmtp({ hideSTARTTLS: false, secure });
    const sent = await createMailer(elsewhere(scheme, other.port)).send(mail);
    expect(sent).toEqual({ outcome: 'not-taken', errorCode: expect.any(String) as string });
    expect({ logins: other.logins, received: other.received }).toEqual({ logins: [], received: [] });
    await other.close();
  });

  test('may be in the clear where the URL says so', async () => {
    const url = `${elsewhere('smtp', smtp.port)}?tls=none`;
    expect(await createMailer(url).send(mail)).toMatchObject({ outcome: 'sent' });
    expect(smtp.logins).toEqual([{ user: 'user', isSecure: false }]);
  });
});

test('each mail has a connection of its own, which is closed in order', async () => {
  const own = createMailer();
  for (let count = 0; count < 3; count += 1) expect(await own.send(mail)).toMatchObject({ outcome: 'sent' });
  expect(smtp.connections.opened).toBe(3);
  for (let tries = 0; smtp.connections.open > 0 && tries < 50; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(smtp.connections.open).toBe(0);
});

/** A server that agrees to everything up to the message, and then says its last words. */
async function startScripted(lastWords: string): Promise<Server> {
  const server = createServer((socket: Socket) => {
    let heard = '';
    socket.on('error', () => undefined).write('220 here\r\n');
    socket.on('data', (chunk) => {
      heard += chunk.toString();
      if (heard.endsWith('\r\n.\r\n')) socket.end(lastWords);
      else if (heard.endsWith('DATA\r\n')) socket.write('354 go on\r\n');
      else socket.write('250 ok\r\n');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function urlOf(server: Server): string {
  return `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
