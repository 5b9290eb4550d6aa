import type { Response } from 'express';

const LOOK_EVERY_MS = 100;

/**
 * Answers with server-sent events: what `look` gives now, and again whenever that has changed, until the reader
 * leaves. Looking anew needs no hook in whatever may change. @throws what the first look throws
 */
export function streamChanges(response: Response, look: () => unknown): void {
  let told = JSON.stringify(look());
  response.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  response.write(event(told));
  const timer = setInterval(() => {
    const seen = JSON.stringify(look());
    if (seen !== told) response.write(event(seen));
    told = seen;
  }, LOOK_EVERY_MS);
  response.once('close', () => clearInterval(timer));
}

/** JSON has no line break of its own, so that it is one line of data. */
function event(json: string): string {
  return `data: ${json}\n\n`;
}
