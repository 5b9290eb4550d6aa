import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createClamdScanner } from '../../adapters/clamd-scanner.js';
import {
  CLAMD_HINT,
  hasClamd,
  MALWARE,
  MALWARE_NAME,
  startClamd,
  STREAM_MAX_BYTES,
  type TestClamd,
} from '../support/start-clamd.js';

const MIB = 1024 ** 2;

async function* inChunks(bytes: Buffer, size = 64 * 1024): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Scans to the end, and says what had passed. */
async function scanned(url: string, bytes: Buffer, silenceMs?: number): Promise<Buffer> {
  const scan = await createClamdScanner(url, silenceMs).begin('a.bin');
  const passed: Buffer[] = [];
  try {
    for await (const chunk of scan.pass(inChunks(bytes))) passed.push(chunk);
    await scan.finish();
  } finally {
    scan.close();
  }
  return Buffer.concat(passed);
}

// In CI nothing is skipped: there it fails where clamd is missing.
const isMissing = !hasClamd() && !process.env.CI;

describe.skipIf(isMissing)(
  `ClamAV’s own daemon ${isMissing ? `(skipped: ${CLAMD_HINT})` : ''}`.trim(),
  () => {
    let clamd: TestClamd;

    beforeAll(async () => {
      clamd = await startClamd();
    });

    afterAll(() => clamd.close());

    test.each([
      ['a byte', Buffer.from('x')],
      ['megabytes', Buffer.alloc(3 * MIB, 'clean')],
    ])('lets %s pass as they are', async (_, bytes) => {
      expect((await scanned(clamd.url, bytes)).equals(bytes)).toBe(true);
    });

    test.each([
      ['at the start', [MALWARE, Buffer.alloc(MIB)]],
      ['across two chunks', [Buffer.alloc(64 * 1024 - 5), MALWARE, Buffer.alloc(10)]],
      ['at the end', [Buffer.alloc(2 * MIB), MALWARE]],
    ])('finds malware %s, and names it (M21)', async (_, parts) => {
      await expect(scanned(clamd.url, Buffer.concat(parts))).rejects.toMatchObject({
        kind: 'invalid',
        code: 'file.infected',
        params: { name: 'a.bin', malware: MALWARE_NAME },
      });
    });

    test('refuses what is larger than it takes (M21)', async () => {
      await expect(scanned(clamd.url, Buffer.alloc(2 * STREAM_MAX_BYTES))).rejects.toMatchObject({
        kind: 'invalid',
        code: 'file.too_large_to_scan',
      });
    });
  },
);

describe('a daemon that says nothing of use lets nothing pass for clean:', () => {
  async function listen(answer: (socket: Socket) => void): Promise<string> {
    const sockets: Socket[] = [];
    const server: Server = createServer((socket) => {
      sockets.push(socket.on('error', () => undefined));
      answer(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    return `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  test.each<[string, (socket: Socket) => void]>([
    ['it hangs up at once', (socket) => socket.destroy()],
    ['it hangs up in the middle', (socket) => void socket.once('data', () => socket.end())],
    [
      'it is out of memory',
      (socket) => void socket.resume().on('data', () => socket.end('stream: Can’t allocate memory ERROR\0')),
    ],
    ['it knows no such command', (socket) => socket.resume().end('UNKNOWN COMMAND\0')],
    ['it stays silent', (socket) => void socket.resume()],
    ['it takes nothing', (socket) => void socket.pause()],
  ])('%s', async (_, answer) => {
    const url = await listen(answer);
    await expect(scanned(url, Buffer.alloc(8 * MIB), 300)).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'scanner.unavailable',
    });
  });

  test('nothing listens', async () => {
    await expect(scanned('tcp://127.0.0.1:1', Buffer.alloc(8 * MIB))).rejects.toMatchObject({
      code: 'scanner.unavailable',
      cause: { code: 'ECONNREFUSED' },
    });
  });
});
