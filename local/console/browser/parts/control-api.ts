const sent = new WeakMap<File, Map<string, Promise<unknown>>>();

/** Does something through the control of a double. @throws Error in words that may be shown */
export async function act<T>(path: string, body: object): Promise<T> {
  const headers = { 'Content-Type': 'application/json' };
  return answerOf<T>(fetch(path, { method: 'POST', headers, body: JSON.stringify(body) }));
}

/** Uploads a file as it is read from disk, once for each path: a form that is sent again does not send its files again. */
export function upload<T>(path: string, about: Record<string, string>, file: File): Promise<T> {
  const url = `${path}?${new URLSearchParams({ ...about, name: file.name })}`;
  const known = sent.get(file) ?? new Map<string, Promise<unknown>>();
  sent.set(file, known);
  const headers = { 'Content-Type': 'application/octet-stream' };
  const uploading =
    (known.get(url) as Promise<T> | undefined) ??
    answerOf<T>(fetch(url, { method: 'POST', headers, body: file }));
  known.set(url, uploading);
  uploading.catch(() => known.delete(url));
  return uploading;
}

async function answerOf<T>(asking: Promise<Response>): Promise<T> {
  const response = await asking.catch(() => {
    throw new Error('The chat console has stopped. Is npm start still running?');
  });
  const answer = (await response.json()) as T & { error?: string };
  if (!response.ok) throw new Error(answer.error ?? `That did not work (${response.status}).`);
  return answer;
}
