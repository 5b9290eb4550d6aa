import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Router } from 'express';
import { openLog, writeLog } from '../../core/shares/workspace-log.js';
import type { WebDeps } from '../deps.js';
import { requireAccount } from '../middleware/account.js';

/** A workspace's share log, by the link that its administrator got in chat; for anybody else there is nothing. */
export function workspaceLogRoutes(deps: Pick<WebDeps, 'db' | 'linkSecrets' | 'log'>): Router {
  const router = Router();
  router.get('/workspace-log/:token', async (req, res) => {
    const governed = await openLog(deps, requireAccount(req).id, req.params.token);
    const name = `share-log-${governed.platform.toLowerCase()}-${governed.workspaceId.replace(/\W/g, '')}.csv`;
    res.type('text/csv; charset=utf-8').attachment(name);
    res.set('Cache-Control', 'no-store');
    await pipeline(Readable.from(writeLog(deps, governed)), res).catch((error: unknown) => {
      // The download breaks off, which browsers say; there is no other answer once it has begun.
      if (!res.headersSent) throw error;
      deps.log.warn({ err: error }, 'share log not sent whole');
    });
  });
  return router;
}
