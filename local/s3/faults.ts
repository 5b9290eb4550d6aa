import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';

/** Where a test or an operator sets faults, as JSON. No bucket can have this name. */
export const faultsPath = '/_control/faults';

const bucketFault = z.enum(['down', 'slow', 'not-found']);
const faultsSchema = z.strictObject({
  events: z.enum(['ok', 'duplicate', 'drop', 'delay', 'reorder']).default('ok'),
  /** How long delayed events, held-back events and requests to slow buckets wait. */
  delayMs: z.number().int().min(0).max(600_000).default(1_000),
  failBuckets: z.record(z.string(), bucketFault).default({}),
  /** The next `count` requests are answered with `status`. */
  failRequests: z
    .strictObject({ status: z.number().int().min(400).max(599), count: z.number().int().min(0) })
    .optional(),
});

/** What goes wrong on purpose. Mutable: a change acts on the next request or event. */
export type S3Faults = z.infer<typeof faultsSchema>;

/** No faults. */
export function createFaults(): S3Faults {
  return faultsSchema.parse({});
}

/**
 * Answers GET and PUT of the faults. A PUT replaces all of them, and what it leaves out returns to normal.
 * Pages in a browser are refused: the path has no other protection than the loopback address.
 */
export async function handleFaults(
  request: IncomingMessage,
  response: ServerResponse,
  faults: S3Faults,
): Promise<void> {
  const answer = (status: number, body: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  if (request.headers.origin !== undefined || !isLoopback(request.socket.remoteAddress)) {
    answer(403, { error: 'The faults can be set from this machine only.' });
    return;
  }
  if (request.method === 'PUT') {
    const wanted = faultsSchema.safeParse(await readJson(request));
    if (!wanted.success) {
      answer(400, { error: z.prettifyError(wanted.error) });
      return;
    }
    delete faults.failRequests;
    Object.assign(faults, wanted.data);
  } else if (request.method !== 'GET') {
    answer(405, { error: 'GET or PUT' });
    return;
  }
  answer(200, faults);
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8') as AsyncIterable<string>) text += chunk;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isLoopback(address: string | undefined): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address ?? '');
}
