import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { parseMessage } from '../../local/ses/parse-message.js';
import type { ReceivedMail } from '../adapters/mailer-contract.js';

/** Where in a session something goes wrong. */
export type SmtpStep = 'connect' | 'auth' | 'sender' | 'recipient' | 'message';

/** What goes wrong there: an answer, a line that breaks without one, or silence. */
export type SmtpFault = number | 'break' | 'hang';

export interface TestSmtp {
  url: string;
  port: number;
  /** Holds for every session until it is emptied. */
  faults: Partial<Record<SmtpStep, SmtpFault>>;
  /** Whole messages that reached the server, whatever it then answered. */
  received: ReceivedMail[];
  /** Lines that were opened, and how many of them are open now. */
  connections: { opened: number; open: number };
  /** Who has signed in, and whether the line was encrypted then. */
  logins: { user: string; isSecure: boolean }[];
  /** Answers whomever it has left waiting (`hang`). */
  goOn(): void;
  close(): Promise<void>;
}

/** The strict SMTP server of nodemailer's author on a free port of this machine, which takes whatever it is told to take. */
export async function startSmtp(options: SMTPServerOptions = {}): Promise<TestSmtp> {
  const faults: TestSmtp['faults'] = {};
  const received: ReceivedMail[] = [];
  const connections = { opened: 0, open: 0 };
  const logins: TestSmtp['logins'] = [];

  const waiting: (() => void)[] = [];

  const meet = (step: SmtpStep, goOn: (error?: Error) => void): void => {
    const fault = faults[step];
    if (fault === 'break') for (const { _socket } of server.connections) _socket.destroy();
    else if (fault === 'hang') waiting.push(goOn);
    else if (fault === undefined) goOn();
    else goOn(Object.assign(new Error('as told'), { responseCode: fault }));
  };
  const server = new SMTPServer({
    authOptional: true,
    hideSTARTTLS: true,
    closeTimeout: 100,
    onConnect(_, callback) {
      connections.opened += 1;
      connections.open += 1;
      meet('connect', callback);
    },
    onClose() {
      connections.open -= 1;
    },
    onAuth({ username = '', password }, { secure }, callback) {
      logins.push({ user: username, isSecure: secure });
      meet('auth', (error) => {
        if (error ?? password !== 'p@ss/word') callback(error ?? new Error('Invalid login'));
        else callback(null, { user: username });
      });
    },
    onMailFrom: (_, __, callback) => meet('sender', callback),
    onRcptTo: (_, __, callback) => meet('recipient', callback),
    onData(stream, { envelope }, callback) {
      buffer(stream).then(async (raw) => {
        const source = envelope.mailFrom ? envelope.mailFrom.address : '';
        const destinations = envelope.rcptTo.map(({ address }) => address);
        received.push({ ...(await parseMessage(raw)), source, destinations });
        meet('message', callback);
      }, callback);
    },
    ...options,
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  return {
    ...{ url: `smtp://127.0.0.1:${port}`, port },
    ...{ faults, received, connections, logins },
    goOn: () => waiting.splice(0).forEach((answer) => answer()),
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
