import { Router, type ErrorRequestHandler, type RequestHandler } from 'express';
import { AppError } from '../../core/errors.js';
import { getSender, openLink, reportShare, startDownload } from '../../core/links/open-link.js';
import { clientAddress } from '../client-address.js';
import type { WebDeps } from '../deps.js';
import { sendPage } from '../page.js';
import { expiredLinkPage, linkPage, reportedPage, reportPage } from '../views/link-pages.js';

/** What recipients see. To look changes nothing; only a press of Download counts. */
export function linkRoutes(deps: WebDeps): Router {
  const router = Router();
  router.use('/l', keepFromSearch, limitTries(deps));

  router.get('/l/:token', async (req, res) => {
    const link = await openLink(deps, req.params.token);
    if (link.state === 'expired') sendPage(deps, req, res.status(404), expiredLinkPage(link));
    else sendPage(deps, req, res, linkPage(link, req.params.token));
  });

  router.post('/l/:token/files/:attachmentId', async (req, res) => {
    res.redirect(303, await startDownload(deps, req.params.token, req.params.attachmentId));
  });

  router.get('/l/:token/report', async (req, res) => {
    const { token } = req.params;
    sendPage(deps, req, res, reportPage({ ...(await getSender(deps, token)), token }));
  });

  router.post('/l/:token/report', async (req, res) => {
    await reportShare(deps, req.params.token);
    sendPage(deps, req, res, reportedPage);
  });

  router.use('/l', deadWhereMalformed);
  return router;
}

/** Half a character in the path: Express cannot read it, and no link has one. */
const deadWhereMalformed: ErrorRequestHandler = (error: unknown, _req, _res, next) => {
  next(error instanceof URIError ? new AppError('not_found', 'page.dead_link', {}) : error);
};

const keepFromSearch: RequestHandler = (_req, res, next) => {
  res.set('X-Robots-Tag', 'noindex, nofollow');
  next();
};

function limitTries({ rates }: Pick<WebDeps, 'rates'>): RequestHandler {
  return async (req, _res, next) => {
    await rates.consume('link', clientAddress(req));
    next();
  };
}
