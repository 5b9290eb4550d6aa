import { Agent, request } from 'node:https';

/** As much of `fetch` as a client without a browser needs; no redirect is followed. */
export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

/**
 * A `fetch` that trusts one certificate besides: Node's own has no way to. Connections are kept, `maxSockets` of them at
 * most; it ends by `close`. Bodies are text or bytes.
 */
export function createSecureFetch(ca: string | Buffer, maxSockets = 50): { fetch: Fetch; close(): void } {
  const agent = new Agent({ ca, keepAlive: true, maxSockets });
  return {
    fetch: (url, { method = 'GET', headers = {}, body } = {}) => {
      return new Promise((resolve, reject) => {
        const given = Object.fromEntries(new Headers(headers));
        const sent = request(url, { method, headers: given, agent }, (response) => {
          const chunks: Buffer[] = [];
          response.on('error', reject).on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => {
            const received = new Headers();
            for (const [name, values] of Object.entries(response.headersDistinct))
              for (const value of values ?? []) received.append(name, value);
            const { statusCode: status = 0 } = response;
            const isEmpty = [204, 304].includes(status);
            resolve(new Response(isEmpty ? null : Buffer.concat(chunks), { status, headers: received }));
          });
          // Cut off in the middle: else it would never settle.
          response.on('aborted', () => {
            reject(new Error('the answer was cut off'));
          });
        });
        sent.on('error', reject);
        sent.end(body as string | Uint8Array | undefined);
      });
    },
    close: () => {
      agent.destroy();
    },
  };
}
