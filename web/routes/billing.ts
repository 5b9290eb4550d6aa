import { Router } from 'express';
import * as z from 'zod';
import { getStatement, listMonths } from '../../core/billing/statement.js';
import type { WebDeps } from '../deps.js';
import { requireAccount } from '../middleware/account.js';
import { sendPage } from '../page.js';
import { billingPage } from '../views/billing-page.js';

const month = z.string().regex(/^20\d\d-(0[1-9]|1[0-2])$/);

/** What a month is charged for: this month, unless another is asked for. */
export function billingRoutes(deps: Pick<WebDeps, 'db' | 'assets'>): Router {
  const router = Router();
  router.get('/billing', async (req, res) => {
    const { id } = requireAccount(req);
    const thisMonth = new Date().toISOString().slice(0, 7);
    const wanted = month.catch(thisMonth).parse(req.query['month']);
    const months = new Set([thisMonth, ...(await listMonths(deps.db, id))]);
    sendPage(deps, req, res, billingPage(await getStatement(deps.db, id, wanted), [...months]));
  });
  return router;
}
