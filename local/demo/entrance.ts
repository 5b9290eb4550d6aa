/** What `npm start` leaves for commands that join it: `running.json` of the data folder. */
export interface Running {
  urls: { portal: string; inbox: string; slack: string | null; discord: string | null };
  account: { email: string; password: string };
}

/** One file on its way: what was sent, and to which address, so that its mail can be told from all others. */
export interface Sent {
  entrance: string;
  name: string;
  bytes: Buffer;
  to: string;
}

/** Sends JSON, or bytes, and reads JSON. @throws Error with what the server said */
export async function call<T>(url: string, init: RequestInit | { json: unknown } = {}): Promise<T> {
  const request =
    'json' in init
      ? { method: 'POST', body: JSON.stringify(init.json), headers: { 'content-type': 'application/json' } }
      : init;
  const response = await fetch(url, request);
  const text = await response.text();
  if (!response.ok)
    throw new Error(`${new URL(url).pathname} answered ${response.status}: ${text.slice(0, 300)}`);
  return JSON.parse(text) as T;
}

/** Asks until there is an answer. @throws Error that names what was waited for, after half a minute */
export async function waitFor<T>(what: string, look: () => Promise<T | null | undefined>): Promise<T> {
  const deadline = Date.now() + 30_000;
  while (Date.now() < deadline) {
    const found = await look();
    if (found !== null && found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  throw new Error(`${what} did not come within 30 s`);
}
