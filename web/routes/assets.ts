import express, { Router } from 'express';
import type { Assets } from '../assets.js';

/** Files whose names change with their content: kept by browsers for a year. Nothing else in the folder is served. */
export function assetRoutes(assets: Assets): Router {
  const router = Router();
  const files = express.static(assets.directory, {
    index: false,
    redirect: false,
    immutable: true,
    maxAge: '365d',
    setHeaders(res) {
      // Through a CDN they come from another origin than the page, and modules are fetched with CORS.
      res.setHeader('Cross-Origin-Resource-Policy', 'cross-origin');
      res.setHeader('Access-Control-Allow-Origin', '*');
    },
  });
  router.use('/assets', (req, res, next) => {
    if (assets.has(req.path.slice(1))) files(req, res, next);
    else next();
  });
  return router;
}
