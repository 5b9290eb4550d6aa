/** What the portal answers when it refuses: text that may be shown, and which fields it is about. */
export class RequestError extends Error {
  override readonly name = 'RequestError';

  constructor(
    message: string,
    readonly status: number,
    readonly fields: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

/** In all longer than a proxy leaves an instance out that has just died. */
const RETRY_DELAYS_MS = [500, 1_500, 4_000];

/** What a proxy answers in place of an instance that died, or that takes too long. */
const GATEWAY_STATUSES = [502, 504];

/**
 * Asks the portal in JSON, as the session that the page belongs to; again where no answer of the portal came. Whatever is
 * asked here may be asked twice: a new share carries the key of its form, and the rest names what it is about.
 * @throws RequestError for an answer that refuses, TypeError where none comes
 */
export async function ask<T>(
  method: 'GET' | 'POST',
  path: string,
  options: { body?: object; signal?: AbortSignal | undefined } = {},
): Promise<T> {
  const { body, signal } = options;
  const token = document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? '';
  const response = await fetchPatiently(path, {
    method,
    headers: { Accept: 'application/json', 'Content-Type': 'application/json', 'X-CSRF-Token': token },
    ...(body && { body: JSON.stringify(body) }),
    ...(signal && { signal }),
  });
  const answer = (await response.json().catch(() => ({}))) as Partial<RequestError> & T;
  if (!response.ok) {
    throw new RequestError(answer.message ?? 'The portal does not answer.', response.status, answer.fields);
  }
  return answer;
}

async function fetchPatiently(path: string, init: RequestInit): Promise<Response> {
  for (const delayMs of RETRY_DELAYS_MS) {
    const response = await fetch(path, init).catch((error: unknown) => {
      if (init.signal?.aborted) throw error;
      return null;
    });
    if (response && !GATEWAY_STATUSES.includes(response.status)) return response;
    await new Promise((resolve) => setTimeout(resolve, delayMs));
  }
  return fetch(path, init);
}
