import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { AppError } from '../core/errors.js';
import type { Scan, Scanner } from '../core/ports.js';

/** Longer than clamd's own limits for one command (ReadTimeout) and for one file (MaxScanTime), 120 s each. */
const SILENCE_MS = 150_000;

/**
 * ClamAV's daemon, asked by INSTREAM over TCP. The packages for it take a line that ends without an answer for a
 * clean file, or write to the console; here such a file waits.
 * @param url `tcp://host:port`
 * @see https://docs.clamav.net/manual/Usage/Scanning.html#clamd and `man clamd`
 */
export function createClamdScanner(url: string, silenceMs: number = SILENCE_MS): Scanner {
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  return {
    async begin(name) {
      const socket = connect({ host, port: Number(port) }).setTimeout(silenceMs, () => {
        socket.destroy(new Error(`clamd was silent for ${silenceMs} ms`));
      });
      await once(socket, 'connect').catch((cause: unknown) => {
        throw unavailable(cause);
      });
      return startScan(socket, name);
    },
  };
}

function startScan(socket: Socket, name: string): Scan {
  let reply = '';
  let cause: unknown;
  const closed = new Promise<void>((resolve) => {
    socket.setEncoding('latin1').on('data', (text: string) => (reply += text));
    socket.on('error', (error) => (cause ??= error)).once('close', () => resolve());
  });
  socket.write('zINSTREAM\0');

  /** Waits where clamd is slower than the file. @throws what clamd says where it hangs up in the middle */
  const send = async (frame: Buffer): Promise<void> => {
    // It resets the line after its last word, which a failing write would take away before it is heard.
    await new Promise(setImmediate);
    if (reply || socket.destroyed) throw await refusal();
    if (!socket.write(frame)) await Promise.race([drained(socket), closed]);
  };
  const refusal = async (): Promise<AppError> => {
    socket.end();
    await closed;
    return readReply(reply, name) ?? unavailable(cause ?? new Error('clamd hung up in the middle'));
  };

  return {
    async *pass(chunks) {
      for await (const chunk of chunks) {
        await send(Buffer.concat([lengthOf(chunk), chunk]));
        yield chunk;
      }
    },
    async finish() {
      await send(lengthOf(Buffer.alloc(0)));
      await closed;
      const isClean = /^stream: OK\0?$/.test(reply);
      if (!isClean) throw await refusal();
    },
    close: () => void socket.destroy(),
  };
}

/** Each chunk is announced by its length; zero ends the file. */
function lengthOf(chunk: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(chunk.length);
  return length;
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('drain', resolve));
}

/** Why a file must not be shared; null where that is not what clamd says. */
function readReply(reply: string, name: string): AppError | null {
  const malware = /^stream: (.+) FOUND\0?$/.exec(reply)?.[1];
  if (malware) return new AppError('invalid', 'file.infected', { name, malware });
  if (reply.startsWith('INSTREAM size limit exceeded'))
    return new AppError('invalid', 'file.too_large_to_scan', { name });
  return reply ? unavailable(new Error(`clamd said: ${reply}`)) : null;
}

function unavailable(cause: unknown): AppError {
  return new AppError('unavailable', 'scanner.unavailable', {}, { cause });
}
