import type { RequestHandler } from 'express';
import helmet from 'helmet';
import type { WebDeps } from '../deps.js';

const TWO_YEARS_S = 2 * 365 * 24 * 60 * 60;

/**
 * Headers of every answer. Storage is named where the browser uploads to it and where Download redirects to, a CDN
 * where it serves our files.
 */
export function securityHeaders(
  deps: Pick<WebDeps, 'portalUrl' | 'storageOrigins' | 'cdnOrigin' | 'assets'>,
): RequestHandler {
  const ours = ["'self'", ...(deps.assets.origin ? [deps.assets.origin] : [])];
  const downloads = [...deps.storageOrigins, ...(deps.cdnOrigin ? [deps.cdnOrigin] : [])];
  const isHttps = deps.portalUrl.startsWith('https:');
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ours,
        styleSrc: ours,
        imgSrc: [...ours, 'data:'],
        connectSrc: ["'self'", ...deps.storageOrigins],
        formAction: ["'self'", ...downloads],
        baseUri: ["'none'"],
        objectSrc: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    strictTransportSecurity: isHttps && { maxAge: TWO_YEARS_S, includeSubDomains: true },
    // For what does not know `frame-ancestors`.
    xFrameOptions: { action: 'deny' },
    // `no-referrer` would have Chromium send `Origin: null` with our own forms.
    referrerPolicy: { policy: 'same-origin' },
  });
}

/** Pages are for one person: nothing keeps a copy. */
export const keepPrivate: RequestHandler = (_req, res, next) => {
  res.set('Cache-Control', 'no-store');
  res.set('Permissions-Policy', 'camera=(), geolocation=(), microphone=(), payment=()');
  res.vary('Cookie');
  next();
};
