import type { Request, RequestHandler } from 'express';
import type { Logger } from '../../core/ports.js';

/** One line for each request, with the route's pattern in place of the path: paths hold tokens. */
export function logRequests(log: Logger): RequestHandler {
  return (req, res, next) => {
    const startedAt = performance.now();
    res.once('close', () => {
      const durationMs = Math.round(performance.now() - startedAt);
      const outcome = res.writableFinished
        ? { status: res.statusCode }
        : { status: res.statusCode, isCut: true };
      log.info({ method: req.method, route: routePattern(req), ...outcome, durationMs }, 'request');
    });
    next();
  };
}

function routePattern(req: Request): string {
  const route = req.route as { path?: unknown } | undefined;
  return typeof route?.path === 'string' ? route.path : 'unmatched';
}
