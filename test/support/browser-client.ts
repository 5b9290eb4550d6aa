import type { Fetch } from './secure-fetch.js';

/** One answer, as it came: no redirect is followed. */
export interface Answer {
  status: number;
  location: string | null;
  headers: Headers;
  text: string;
  /** The body as JSON; the caller says of which shape. */
  json: unknown;
}

export interface BrowserClient {
  cookies: Map<string, string>;
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  head(path: string): Promise<Answer>;
  /** Sends a form with the token of the page that was seen last. */
  post(path: string, fields?: Record<string, string>, headers?: Record<string, string>): Promise<Answer>;
  /** Sends JSON with that token in its header. */
  postJson(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** The token of the page that was seen last; null before any. */
  csrfToken: string | null;
}

/**
 * A browser without a window: keeps cookies, remembers the newest CSRF token, says where its forms come from,
 * and follows nothing. `portalUrl` is what the portal takes for its own address; pages come by `fetchPage`.
 */
export function createBrowserClient(url: string, portalUrl: string, fetchPage: Fetch = fetch): BrowserClient {
  const send = async (client: BrowserClient, path: string, init: RequestInit): Promise<Answer> => {
    const cookie = [...client.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { ...(cookie && { cookie }), ...(init.headers as Record<string, string>) };
    const response = await fetchPage(url + path, { ...init, headers, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      client.cookies.set(name, value);
    }
    const text = await response.text();
    const token = /name="(?:_csrf|csrf-token)" (?:value|content)="([^"]+)"/.exec(text)?.[1];
    if (token) client.csrfToken = token;
    return {
      status: response.status,
      location: response.headers.get('location'),
      headers: response.headers,
      text,
      get json() {
        return JSON.parse(text) as unknown;
      },
    };
  };

  return {
    cookies: new Map(),
    csrfToken: null,
    get(path, headers = {}) {
      return send(this, path, { headers: { accept: 'text/html', ...headers } });
    },
    head(path) {
      return send(this, path, { method: 'HEAD' });
    },
    post(path, fields = {}, headers = {}) {
      const body = new URLSearchParams({ ...(this.csrfToken && { _csrf: this.csrfToken }), ...fields });
      return send(this, path, {
        method: 'POST',
        body: body.toString(),
        headers: {
          accept: 'text/html',
          origin: portalUrl,
          'content-type': 'application/x-www-form-urlencoded',
          ...headers,
        },
      });
    },
    postJson(path, body, headers = {}) {
      return send(this, path, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: {
          accept: 'application/json',
          origin: portalUrl,
          'content-type': 'application/json',
          'x-csrf-token': this.csrfToken ?? '',
          ...headers,
        },
      });
    },
  };
}
