import { randomUUID } from 'node:crypto';
import { open } from 'node:fs/promises';
import { createBrowserClient, type Answer } from '../../support/browser-client.js';
import type { BenchFile } from './files.js';
import type { PortalVisit } from './portal-visit.js';
import type { BenchStack } from './with-stack.js';

const PART_BYTES = 16 * 1024 ** 2;
const AT_ONCE = 4;

/** Signs in without a browser, and uploads as the form does: rows first, then signed parts straight to storage. */
export async function openPortalAsClient({ urls, account }: BenchStack): Promise<PortalVisit> {
  const client = createBrowserClient(urls.portal, new URL(urls.portal).origin);
  await client.get('/sign-in');
  expect(await client.post('/sign-in', account), 303);
  await client.get('/shares/new');

  return {
    async upload(file, email) {
      const about = { name: 'large.bin', contentType: 'application/octet-stream', sizeBytes: file.sizeBytes };
      const share = { formId: randomUUID(), emails: email, message: '', lifetimeDays: 7, files: [about] };
      const created = expect(await client.postJson('/shares', share), 201);
      const { attachments } = created.json as { attachments: { attachmentId: string }[] };
      const base = `/uploads/${attachments[0]?.attachmentId ?? ''}`;
      expect(await client.postJson(`${base}/begin`, {}), 200);
      const etags = await sendParts(file, async (part) => {
        const signed = expect(await client.postJson(`${base}/parts`, part), 200);
        return (signed.json as { url: string }).url;
      });
      expect(await client.postJson(`${base}/complete`, { etags }), 200);
    },
    close: () => Promise.resolve(),
  };
}

/** Sends a file in parts, four at once, each as soon as its URL is signed. @returns their ETags in order */
async function sendParts(
  { path, sizeBytes }: BenchFile,
  sign: (part: { partNumber: number; sizeBytes: number }) => Promise<string>,
): Promise<string[]> {
  const file = await open(path);
  const etags: string[] = [];
  const count = Math.ceil(sizeBytes / PART_BYTES);
  let next = 0;
  const send = async (): Promise<void> => {
    while (next < count) {
      const index = next++;
      const from = index * PART_BYTES;
      const body = new Uint8Array(Math.min(PART_BYTES, sizeBytes - from));
      await file.read(body, 0, body.length, from);
      const url = await sign({ partNumber: index + 1, sizeBytes: body.length });
      const answer = await fetch(url, { method: 'PUT', body });
      if (!answer.ok) throw new Error(`storage answered ${answer.status}: ${await answer.text()}`);
      etags[index] = answer.headers.get('etag') ?? '';
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, send));
  } finally {
    await file.close();
  }
  return etags;
}

function expect(answer: Answer, status: number): Answer {
  if (answer.status !== status)
    throw new Error(`the portal answered ${answer.status}: ${answer.text.slice(0, 300)}`);
  return answer;
}
