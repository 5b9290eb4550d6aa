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

/** Asks the portal in JSON, as the session that the page belongs to. @throws RequestError */
export async function ask<T>(
  method: 'GET' | 'POST',
  path: string,
  options: { body?: object; signal?: AbortSignal | undefined } = {},
): Promise<T> {
  const { body, signal } = options;
  const token = document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? '';
  const response = await fetch(path, {
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
