import { randomUUID } from 'node:crypto';
import type { Running, Sent } from './entrance.js';

const PART_BYTES = 16 * 1024 * 1024;

/** As Ada in a browser: signs in, makes the share, and uploads straight to storage. */
export async function shareFromPortal({ urls, account }: Running, sent: Sent): Promise<void> {
  const session = createSession(urls.portal);
  await session.page('/sign-in');
  await session.form('/sign-in', account);
  await session.page('/shares/new');
  const share = (await session.json('/shares', {
    formId: randomUUID(),
    emails: sent.to,
    message: 'From npm run demo.',
    lifetimeDays: 7,
    files: [{ name: sent.name, contentType: 'application/octet-stream', sizeBytes: sent.bytes.length }],
  })) as { attachments: { attachmentId: string }[] };
  for (const { attachmentId } of share.attachments)
    await upload(session, `/uploads/${attachmentId}`, sent.bytes);
}

async function upload(session: Session, path: string, bytes: Buffer): Promise<void> {
  await session.json(`${path}/begin`, {});
  const etags: string[] = [];
  for (let from = 0; from < bytes.length; from += PART_BYTES) {
    const part = new Uint8Array(bytes.subarray(from, from + PART_BYTES));
    const wanted = { partNumber: etags.length + 1, sizeBytes: part.length };
    const { url } = (await session.json(`${path}/parts`, wanted)) as { url: string };
    const stored = await fetch(url, { method: 'PUT', body: part });
    if (!stored.ok) throw new Error(`storage answered ${stored.status}: ${await stored.text()}`);
    etags.push(stored.headers.get('etag') ?? '');
  }
  await session.json(`${path}/complete`, { etags });
}

interface Session {
  page(path: string): Promise<string>;
  form(path: string, fields: Record<string, string>): Promise<void>;
  json(path: string, body: unknown): Promise<unknown>;
}

/** A browser without a window: keeps cookies and the token of the last page. */
function createSession(portal: string): Session {
  const cookies = new Map<string, string>();
  let token = '';
  const send = async (path: string, init: RequestInit): Promise<{ status: number; text: string }> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { cookie, origin: new URL(portal).origin, ...(init.headers as Record<string, string>) };
    const response = await fetch(portal + path, { ...init, headers, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    const text = await response.text();
    if (response.status >= 400)
      throw new Error(`the portal answered ${path} with ${response.status}: ${text.slice(0, 300)}`);
    token = /name="(?:_csrf|csrf-token)" (?:value|content)="([^"]+)"/.exec(text)?.[1] ?? token;
    return { status: response.status, text };
  };
  return {
    async page(path) {
      return (await send(path, {})).text;
    },
    async form(path, fields) {
      const { status } = await send(path, {
        method: 'POST',
        body: new URLSearchParams({ ...fields, _csrf: token }),
      });
      if (status !== 303) throw new Error(`the portal did not take the form ${path}`);
    },
    async json(path, body) {
      const headers = {
        'content-type': 'application/json',
        accept: 'application/json',
        'x-csrf-token': token,
      };
      const { text } = await send(path, { method: 'POST', body: JSON.stringify(body), headers });
      return JSON.parse(text) as unknown;
    },
  };
}
