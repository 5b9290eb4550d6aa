import { call, waitFor, type Sent } from './entrance.js';

interface Mail {
  destinations: string[];
  links: string[];
}

/** Waits for the mail to the address of `sent`. @returns the link in it */
export async function waitForLink(inbox: string, sent: Sent): Promise<string> {
  return waitFor(`the mail for the share from ${sent.entrance}`, async () => {
    const mails = await call<Mail[]>(`${inbox}/messages.json`);
    const mail = mails.find(({ destinations }) => destinations.includes(sent.to));
    return mail?.links.find((link) => /\/l\/[^/]+$/.test(link));
  });
}

/**
 * As the recipient, who has no account: opens the link, presses Download, and follows it to the bytes. The portal is
 * asked by `fetchPage`, which may trust a certificate of its own.
 */
export async function fetchByLink(
  link: string,
  fetchPage: (url: string, init?: RequestInit) => Promise<Response> = fetch,
): Promise<Buffer> {
  const page = await (await fetchPage(link)).text();
  const action = /<form[^>]*action="([^"]*\/files\/[^"]+)"/.exec(page)?.[1];
  if (!action) throw new Error(`no download button behind ${link}`);
  const { origin } = new URL(link);
  const pressed = await fetchPage(new URL(action, link).href, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin },
  });
  const location = pressed.headers.get('location');
  if (pressed.status !== 303 || !location) throw new Error(`Download answered ${pressed.status}`);
  const file = await fetch(location);
  if (!file.ok) throw new Error(`storage answered ${file.status}`);
  return Buffer.from(await file.arrayBuffer());
}
