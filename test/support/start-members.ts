import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { StorageOptions } from '../../core/config.js';
import { startS3, type RunningS3 } from '../../local/s3/start-s3.js';
import { credentials } from '../local/s3-support.js';

/** One member of storage: an S3 server of its own, which can be broken in every way that one breaks. */
export interface TestMember {
  options: StorageOptions;
  /** The running server, whose `faults` may be set. */
  server: () => RunningS3;
  kill(): Promise<void>;
  /** On the same port, with what it had. */
  revive(): Promise<void>;
  /** Loses everything, and runs on. */
  wipe(): Promise<void>;
  /** Changes one byte on disk of every object that there is. @returns how many */
  rot(): Promise<number>;
  remove(): Promise<void>;
}

/** Servers on free ports, the primary first. */
export async function startMembers(count: number): Promise<TestMember[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => startMember(`member-${index}`)));
}

async function startMember(name: string): Promise<TestMember> {
  let dataDir = await mkdtemp(path.join(tmpdir(), 'member-'));
  const open = (port: number): Promise<RunningS3> =>
    startS3({ port, buckets: ['files'], credentials, dataDir });
  let server = await open(0);
  const { url } = server;
  const port = Number(new URL(url).port);
  return {
    options: {
      name,
      region: 'us-east-1',
      bucket: 'files',
      endpoint: url,
      publicEndpoint: undefined,
      credentials,
    },
    server: () => server,
    kill: () => server.close(),
    async revive() {
      server = await open(port);
    },
    async wipe() {
      await server.close();
      await rm(dataDir, { recursive: true, force: true });
      dataDir = await mkdtemp(path.join(tmpdir(), 'member-'));
      server = await open(port);
    },
    async rot() {
      const folder = path.join(dataDir, 'buckets/files/data');
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      const files = entries
        .filter((entry) => entry.isFile())
        .map((entry) => path.join(entry.parentPath, entry.name));
      for (const file of files) {
        const bytes = await readFile(file);
        bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] ?? 0) ^ 0xff;
        await writeFile(file, bytes);
      }
      return files.length;
    },
    async remove() {
      await server.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/**
 * A server in front of a member that answers 200 with wrong bytes, and says nothing of their checksum.
 * @returns the member's options, with its address
 */
export async function startLiar({
  options,
}: TestMember): Promise<{ options: StorageOptions; close: () => void }> {
  const target = new URL(options.endpoint ?? '');
  const server = createServer((incoming, response) => {
    const { method, url, headers } = incoming;
    const outgoing = request(
      { host: target.hostname, port: target.port, method, path: url, headers },
      (answer) => {
        const told = Object.entries(answer.headers).filter(([name]) => !name.startsWith('x-amz-checksum'));
        response.writeHead(answer.statusCode ?? 500, Object.fromEntries(told));
        answer.on('data', (chunk: Buffer) => {
          const lie = Buffer.from(chunk);
          if (method === 'GET' && answer.statusCode === 200 && !url?.includes('list-type'))
            lie[0] = (lie[0] ?? 0) ^ 0xff;
          response.write(lie);
        });
        answer.on('end', () => response.end());
      },
    );
    outgoing.on('error', () => response.destroy());
    incoming.pipe(outgoing);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    options: { ...options, endpoint: `http://127.0.0.1:${port}` },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
