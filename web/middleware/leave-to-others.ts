import type { RequestHandler } from 'express';
import type { WebDeps } from '../deps.js';

/** What a proxy says (infra/nginx/proxy.conf) that asks another instance where one answers a GET with 502. */
const PROXY_RETRIES = 'x-proxy-retries';

/**
 * While a portal drains, GETs go to another one through a proxy that can do that. It then takes this one for down, and
 * sends it nothing more by the time that no connection is taken: one that is just being opened would be cut, with the
 * POST that it carries. Whoever asks without such a proxy, or POSTs, is answered to the end.
 */
export function leaveToOthers({ isDraining }: Pick<WebDeps, 'isDraining'>): RequestHandler {
  return (req, res, next) => {
    const canBeAskedElsewhere = ['GET', 'HEAD'].includes(req.method) && req.get(PROXY_RETRIES) === 'GET';
    if (isDraining() && canBeAskedElsewhere) res.status(502).end();
    else next();
  };
}
