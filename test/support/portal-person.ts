import { randomUUID } from 'node:crypto';
import { createBrowserClient, type BrowserClient } from './browser-client.js';
import type { ChatFile } from './chat-people.js';
import type { Fetch } from './secure-fetch.js';

/** What the portal answers to a form: an own share, or what there is to mend. */
export interface PortalAnswer {
  status: number;
  shareId: string;
  attachments: { attachmentId: string }[];
  message: string;
  fields: Record<string, string>;
}

/** Somebody who is signed in, without a browser. */
export interface PortalPerson {
  client: BrowserClient;
  /** The form alone: no byte is uploaded. `announced` is said to be the files' size instead of their own. */
  announce(files: ChatFile[], emails: string, announced?: number): Promise<PortalAnswer>;
  /** The form, and then every file straight to storage. @throws Error where the form is refused */
  share(files: ChatFile[], emails: string, announced?: number): Promise<PortalAnswer>;
}

/** Signs in. @throws Error where that is refused */
export async function signIn(
  portal: string,
  account: { email: string; password: string },
  fetchPage: Fetch = fetch,
): Promise<PortalPerson> {
  const client = createBrowserClient(portal, portal, fetchPage);
  await client.get('/sign-in');
  const signedIn = await client.post('/sign-in', { ...account, next: '' });
  if (signedIn.status !== 303) throw new Error(`signing in answered ${signedIn.status}: ${signedIn.text}`);
  await client.get('/shares/new');

  const announce: PortalPerson['announce'] = async (files, emails, announced) => {
    const { status, json } = await client.postJson('/shares', {
      formId: randomUUID(),
      emails,
      message: '',
      lifetimeDays: 7,
      files: files.map(({ name, bytes, contentType = '' }) => {
        return { name, contentType, sizeBytes: announced ?? bytes.length };
      }),
    });
    return { ...(json as PortalAnswer), status };
  };
  return {
    client,
    announce,
    async share(files, emails, announced) {
      const answer = await announce(files, emails, announced);
      if (answer.status !== 201) throw new Error(`the form was refused: ${answer.message}`);
      for (const [index, { attachmentId }] of answer.attachments.entries()) {
        await upload(client, `/uploads/${attachmentId}`, files[index]?.bytes ?? new Uint8Array());
      }
      return answer;
    },
  };
}

async function upload(client: BrowserClient, path: string, bytes: Uint8Array): Promise<void> {
  await client.postJson(`${path}/begin`, {});
  const part = await client.postJson(`${path}/parts`, { partNumber: 1, sizeBytes: bytes.length });
  const { url } = part.json as { url: string };
  const stored = await fetch(url, { method: 'PUT', body: new Uint8Array(bytes) });
  if (!stored.ok) throw new Error(`storage answered ${stored.status}: ${await stored.text()}`);
  const completed = await client.postJson(`${path}/complete`, { etags: [stored.headers.get('etag') ?? ''] });
  if (completed.status !== 200) throw new Error(`completing answered ${completed.status}: ${completed.text}`);
}
