import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { TLSSocket } from 'node:tls';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { postgresOptions } from '../../adapters/postgres-options.js';

const ARN = 'arn:aws:secretsmanager:eu-central-1:111111111111:secret:rds!db-AbCdEf';
let folder: string;
let server: Server;
let port: number;
/** What the server takes; what it was last told. */
let password = 'first';

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'postgres-options-'));
  for (const name of ['ours', 'strangers']) makeCertificate(name);
  server = createServer((socket) => {
    socket.once('data', () => {
      socket.write('S');
      const { key, cert } = certificate('ours');
      answerAsPostgres(new TLSSocket(socket, { isServer: true, key, cert }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});
afterEach(() => vi.useRealTimers());

const urlWith = (authority: string): string =>
  `postgresql://passalong@localhost:${port}/passalong?sslmode=verify-full&sslrootcert=${path.join(folder, `${authority}.crt`)}&secret=${ARN}`;
const readPassword = () => Promise.resolve({ username: 'passalong', password });

async function connect(options: pg.ClientConfig): Promise<void> {
  const client = new pg.Client({ ...options, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  await client.connect();
  await client.end();
}

describe('postgresOptions', () => {
  test('leaves a URL without a secret to pg', () => {
    expect(postgresOptions('postgresql://a:b@c/d?sslmode=disable')).toEqual({
      connectionString: 'postgresql://a:b@c/d?sslmode=disable',
    });
  });

  test('connects with the password of the secret, over TLS that is verified', async () => {
    await connect(postgresOptions(urlWith('ours'), readPassword));
  });

  test('refuses a server whose certificate is signed by somebody else', async () => {
    const connecting = connect(postgresOptions(urlWith('strangers'), readPassword));
    await expect(connecting).rejects.toThrow(/self-signed|unable to verify/);
  });

  test.each(['sslmode=require&sslrootcert=x', 'sslmode=verify-full'])(
    'takes no secret where TLS would not be verified: %s',
    (parameters) => {
      const url = `postgresql://passalong@localhost/passalong?${parameters}&secret=${ARN}`;
      expect(() => postgresOptions(url, readPassword)).toThrow('sslmode=verify-full');
    },
  );

  test('asks for the password once a minute, and has a changed one after that', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const read = vi.fn(readPassword);
    const options = postgresOptions(urlWith('ours'), read);
    await connect(options);
    await connect(options);
    expect(read).toHaveBeenCalledTimes(1);
    password = 'second';
    vi.setSystemTime(Date.now() + 60_001);
    await connect(options);
    expect(read).toHaveBeenCalledTimes(2);
  });

  test('asks again at once where the secret could not be read', async () => {
    const read = vi.fn(readPassword).mockRejectedValueOnce(new Error('not now'));
    const options = postgresOptions(urlWith('ours'), read);
    await expect(connect(options)).rejects.toThrow('not now');
    await connect(options);
    expect(read).toHaveBeenCalledTimes(2);
  });
});

function makeCertificate(name: string): void {
  const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=localhost'];
  const files = ['-keyout', path.join(folder, `${name}.key`), '-out', path.join(folder, `${name}.crt`)];
  const names = ['-addext', 'subjectAltName=DNS:localhost'];
  execFileSync('openssl', [...args, ...files, ...names], { stdio: 'ignore' });
}

function certificate(name: string): { key: string; cert: string } {
  const read = (ending: string): string => readFileSync(path.join(folder, `${name}.${ending}`), 'utf8');
  return { key: read('key'), cert: read('crt') };
}

/** As far as a client signs in with a password in clear. @see https://www.postgresql.org/docs/current/protocol-message-formats.html */
function answerAsPostgres(socket: TLSSocket): void {
  socket.on('error', () => undefined);
  socket.once('data', () => {
    socket.write(message('R', int32(3)));
    socket.once('data', (chunk: Buffer) => {
      const given = chunk.subarray(5, -1).toString();
      if (given === password)
        socket.write(Buffer.concat([message('R', int32(0)), message('Z', Buffer.from('I'))]));
      else socket.end(message('E', Buffer.from('SFATAL\0C28P01\0Mwrong password\0\0')));
    });
  });
}

function message(type: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
