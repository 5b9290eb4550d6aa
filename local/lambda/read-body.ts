import type { IncomingMessage } from 'node:http';

/** The whole body as UTF-8. Rejects when the connection ends before it. */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
