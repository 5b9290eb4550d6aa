import { createHmac } from 'node:crypto';

import { ACK_TIMEOUT_MS, type Answer, type AppDoor, type Envelope } from './app-door.js';

/** Delivers to a request URL as Slack does without Socket Mode. @see https://docs.slack.dev/authentication/verifying-requests-from-slack */
export function createSignedHttp(requestUrl: string, signingSecret: string): AppDoor {
  const closing = new AbortController();
  return {
    timeoutReason: 'http_timeout',
    async deliver(envelope) {
      const { contentType, body } = encode(envelope);
      const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(ACK_TIMEOUT_MS)]);
      const headers = {
        'content-type': contentType,
        ...signRequest(signingSecret, body, Math.floor(Date.now() / 1000)),
        ...(envelope.retry && {
          'x-slack-retry-num': String(envelope.retry.attempt),
          'x-slack-retry-reason': envelope.retry.reason,
        }),
      };
      try {
        const response = await fetch(requestUrl, {
          method: 'POST',
          headers,
          body,
          signal,
          redirect: 'manual',
        });
        const text = await response.text();
        if (!response.ok) return { outcome: 'unreachable', reason: 'http_error' };
        return { outcome: 'acknowledged', body: answerBody(response, text) };
      } catch (error) {
        return refusal(error);
      }
    },
    close() {
      closing.abort();
    },
  };
}

/** The two headers that prove a request: HMAC-SHA-256 over `v0:<seconds>:<raw body>`. */
export function signRequest(
  signingSecret: string,
  body: string,
  timestampSec: number,
): Record<string, string> {
  const digest = createHmac('sha256', signingSecret).update(`v0:${timestampSec}:${body}`).digest('hex');
  return { 'x-slack-request-timestamp': String(timestampSec), 'x-slack-signature': `v0=${digest}` };
}

function encode({ type, payload }: Envelope): { contentType: string; body: string } {
  if (type === 'events_api') return { contentType: 'application/json', body: JSON.stringify(payload) };
  const fields =
    type === 'interactive' ? { payload: JSON.stringify(payload) } : (payload as Record<string, string>);
  return { contentType: 'application/x-www-form-urlencoded', body: new URLSearchParams(fields).toString() };
}

function answerBody(response: Response, text: string): unknown {
  if (text === '') return {};
  return response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : { text };
}

function refusal(error: unknown): Answer {
  return error instanceof DOMException && error.name === 'TimeoutError'
    ? { outcome: 'timeout', reason: 'http_timeout' }
    : { outcome: 'unreachable', reason: 'connection_failed' };
}
