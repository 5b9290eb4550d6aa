import { Router } from 'express';
import type { WebDeps } from '../deps.js';
import { sendPage } from '../page.js';
import { landingPage } from '../views/landing-page.js';

/** The first page: what this is, or for somebody who is signed in, the form. */
export function landingRoutes(deps: Pick<WebDeps, 'assets'>): Router {
  const router = Router();
  router.get('/', (req, res) => {
    if (req.account) res.redirect(303, '/shares/new');
    else sendPage(deps, req, res, landingPage);
  });
  return router;
}
