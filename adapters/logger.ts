import { pino, type DestinationStream } from 'pino';
import type { Logger } from '../core/ports.js';

/** What must never be logged, wherever it stands in the fields. */
const SECRETS = [
  'password',
  'token',
  'authorization',
  'cookie',
  'email',
  'emails',
  'recipients',
  'fileName',
  'replyHandle',
];

/** How many causes of an error are described; one may be its own. */
const MAX_CAUSES = 4;

/** Lines that wait for somebody who reads slowly; later ones are lost. */
const MAX_WAITING_BYTES = 1024 * 1024;

/** JSON lines on stdout, one per product event. Errors keep type, code and stack; a query's values are left out. */
export function createLogger(name: string, level: string): Logger {
  const options = {
    name,
    level,
    base: { name },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: SECRETS.flatMap((field) => [field, `*.${field}`]), censor: '[redacted]' },
    serializers: { err: (error: unknown) => describeError(error, MAX_CAUSES) },
  };
  return pino(options, openStdout());
}

/**
 * Each line is written as it is logged, and what a full pipe does not take goes with the next one. pino's own way
 * writes later, and at exit tries the rest for ever, asleep, where the reader was killed or reads no more.
 */
function openStdout(): DestinationStream {
  const stdout = pino.destination({
    dest: process.stdout.fd,
    sync: true,
    retryEAGAIN: () => false,
    maxLength: MAX_WAITING_BYTES,
  });
  stdout.on('error', () => undefined);
  return stdout;
}

function describeError(error: unknown, causes: number): object {
  if (!(error instanceof Error)) return { message: 'not an Error', type: typeof error };
  const { code, kind, $metadata } = error as SomeError;
  const hasCause = error.cause !== undefined && causes > 0;
  const cause = hasCause ? { cause: describeError(error.cause, causes - 1) } : {};
  const isOurs = typeof kind === 'string';
  const frames = (error.stack ?? '')
    .split('\n')
    .filter((line) => line.startsWith('    at '))
    .slice(0, 8);
  return {
    type: error.name,
    code,
    // What Amazon's support asks for.
    ...($metadata?.requestId !== undefined && { requestId: $metadata.requestId }),
    // The sentence of our own errors is for the person, and names their files: the code says it to us.
    ...(isOurs ? { kind } : { message: withoutAddresses(withoutQuery(error)) }),
    frames,
    ...cause,
  };
}

/** What an error of ours, of Node or of Amazon may carry. */
interface SomeError extends Error {
  code?: unknown;
  kind?: unknown;
  $metadata?: { requestId?: unknown };
}

/** A message of Prisma quotes our code and the query with its values; its last line says what was wrong. */
function withoutQuery({ name, message }: Error): string {
  return name.startsWith('Prisma') ? (message.trim().split('\n').at(-1) ?? '') : message;
}

function withoutAddresses(message: string): string {
  return message
    .slice(0, 300)
    .replace(/[^\s@'"<>,;:]+@[^\s@'"<>,;:]+/g, '[address]')
    .replace(/\/(l|confirm|reset|connect)\/[\w.-]+/g, '/$1/[token]');
}
