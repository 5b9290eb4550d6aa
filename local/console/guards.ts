import type { RequestHandler } from 'express';

const HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': [
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:",
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    // No text ever becomes markup: the page has no policy that would let it.
    "require-trusted-types-for 'script'; trusted-types 'none'",
  ].join('; '),
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

/** Another host name means a web page that rebinds its own name to 127.0.0.1 in order to act here. */
export const onThisMachine: RequestHandler = ({ headers }, response, next) => {
  if (/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(headers.host ?? '')) next();
  else response.status(403).type('text').send('The chat console answers on localhost only.');
};

/** Headers of every answer: only this origin's own files, and no frame around the page. */
export const pageHeaders: RequestHandler = (_request, response, next) => {
  response.set(HEADERS);
  next();
};

/**
 * Lets our own page act, and no other that the browser has open: browsers say where a request comes from, and name
 * the origin with everything but GET.
 */
export const fromOwnPage: RequestHandler = ({ method, headers }, response, next) => {
  const isSafe = method === 'GET' || method === 'HEAD';
  const isOwnSite = (headers['sec-fetch-site'] ?? 'same-origin') === 'same-origin';
  const isOwnOrigin = headers.origin === `http://${headers.host}`;
  if (isOwnSite && (isSafe || isOwnOrigin)) next();
  else response.status(403).json({ error: 'Only the page of the chat console may do this.' });
};
