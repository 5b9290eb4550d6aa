import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import { AppError } from '../../core/errors.js';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses what another site has a browser send: `Sec-Fetch-Site` decides where there is one, else `Origin`.
 * A client that says neither is no present-day browser: it gets in only where `isOriginOptional`, on pages
 * without a session, whose sole authority is the link itself.
 */
export function checkOrigin(portalUrl: string, { isOriginOptional = false } = {}): RequestHandler {
  const { origin } = new URL(portalUrl);
  return (req, _res, next) => {
    const site = req.get('sec-fetch-site');
    const from = req.get('origin') ?? (isOriginOptional ? origin : undefined);
    const isOurs = site === undefined ? from === origin : site === 'same-origin';
    if (!SAFE_METHODS.has(req.method) && !isOurs) throw forged();
    next();
  };
}

/** The token that every form of a session carries, made when the first one is shown. */
export function csrfToken(req: Request): string {
  return (req.session.csrfToken ??= randomBytes(32).toString('base64url'));
}

/** Wants the session's token in the field `_csrf`, which it takes out, or in the header `X-CSRF-Token`. */
export const checkCsrfToken: RequestHandler = (req, _res, next) => {
  if (SAFE_METHODS.has(req.method)) {
    next();
    return;
  }
  const { _csrf: field, ...body } = (req.body ?? {}) as Record<string, unknown>;
  const given = req.get('x-csrf-token') ?? field;
  const expected = req.session.csrfToken;
  if (!expected || typeof given !== 'string' || !isSame(given, expected)) throw forged();
  req.body = body;
  next();
};

function isSame(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

function forged(): AppError {
  return new AppError('forbidden', 'request.forged', {});
}
