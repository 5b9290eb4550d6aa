import { Router } from 'express';
import type { WebDeps } from '../deps.js';

const DATABASE_MS = 2_000;

/** `/healthz`: the process answers. `/readyz`: send people here, unless it drains or the database is away. */
export function healthRoutes(deps: Pick<WebDeps, 'pool' | 'isDraining'>): Router {
  const router = Router();
  router.get('/healthz', (_req, res) => {
    res.type('text').send('ok');
  });
  router.get('/readyz', async (_req, res) => {
    const isReady = !deps.isDraining() && (await canQuery(deps));
    res
      .status(isReady ? 200 : 503)
      .type('text')
      .send(isReady ? 'ready' : 'not ready');
  });
  return router;
}

async function canQuery({ pool }: Pick<WebDeps, 'pool'>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const expiry = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, DATABASE_MS, false);
  });
  const answer = pool.query('SELECT 1').then(
    () => true,
    () => false,
  );
  return Promise.race([answer, expiry]).finally(() => clearTimeout(timer));
}
