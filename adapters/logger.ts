import { pino } from 'pino';
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

/** JSON lines on stdout, one per product event. Errors keep type, code and stack; a query's values are left out. */
export function createLogger(name: string, level: string): Logger {
  return pino({
    name,
    level,
    base: { name },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: SECRETS.flatMap((field) => [field, `*.${field}`]), censor: '[redacted]' },
    serializers: { err: describeError },
  });
}

function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { message: 'not an Error', type: typeof error };
  const { code, kind } = error as { code?: unknown; kind?: unknown };
  const cause = error.cause === undefined ? {} : { cause: describeError(error.cause) };
  // A Prisma message quotes the query with its values; the stack repeats the message.
  const isOurs = typeof kind === 'string';
  const frames = (error.stack ?? '')
    .split('\n')
    .filter((line) => line.startsWith('    at '))
    .slice(0, 8);
  return {
    type: error.name,
    code,
    ...(isOurs ? { kind } : {}),
    message: withoutAddresses(error.message),
    frames,
    ...cause,
  };
}

function withoutAddresses(message: string): string {
  return message
    .slice(0, 300)
    .replace(/[^\s@'"<>,;:]+@[^\s@'"<>,;:]+/g, '[address]')
    .replace(/\/(l|confirm|reset|connect)\/[\w.-]+/g, '/$1/[token]');
}
