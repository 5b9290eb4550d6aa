import { Router } from 'express';
import type { WebDeps } from '../deps.js';

/**
 * `/healthz`: the process answers. `/readyz`: send people here, unless it drains. The database is not asked: it is the
 * same for all instances, and while it is away a page that says so is better than none.
 */
export function healthRoutes({ isDraining }: Pick<WebDeps, 'isDraining'>): Router {
  const router = Router();
  router.get('/healthz', (_req, res) => {
    res.type('text').send('ok');
  });
  router.get('/readyz', (_req, res) => {
    res
      .status(isDraining() ? 503 : 200)
      .type('text')
      .send(isDraining() ? 'not ready' : 'ready');
  });
  return router;
}
