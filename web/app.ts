import express, { type Express } from 'express';
import { AppError } from '../core/errors.js';
import type { WebDeps } from './deps.js';
import { loadAccount } from './middleware/account.js';
import { checkCsrfToken, checkOrigin } from './middleware/csrf.js';
import { handleErrors } from './middleware/errors.js';
import { leaveToOthers } from './middleware/leave-to-others.js';
import { logRequests } from './middleware/request-log.js';
import { keepPrivate, securityHeaders } from './middleware/security-headers.js';
import { accountRoutes } from './routes/accounts.js';
import { assetRoutes } from './routes/assets.js';
import { billingRoutes } from './routes/billing.js';
import { connectionRoutes } from './routes/connections.js';
import { healthRoutes } from './routes/health.js';
import { landingRoutes } from './routes/landing.js';
import { linkRoutes } from './routes/links.js';
import { passwordRoutes } from './routes/passwords.js';
import { shareRoutes } from './routes/shares.js';
import { uploadRoutes } from './routes/uploads.js';
import { workspaceLogRoutes } from './routes/workspace-log.js';
import { sessions } from './session.js';

/**
 * The portal. Recipients' pages come before sessions: they set no cookie, and a mail scanner that looks at one
 * leaves nothing behind.
 */
export function createApp(deps: WebDeps): Express {
  const app = express();
  app.disable('x-powered-by').disable('etag').set('trust proxy', deps.trustProxyHops);
  app.use(
    securityHeaders(deps),
    assetRoutes(deps.assets),
    keepPrivate,
    healthRoutes(deps),
    logRequests(deps.log),
    leaveToOthers(deps),
  );
  app.use('/l', checkOrigin(deps.portalUrl, { isOriginOptional: true }));
  app.use(linkRoutes(deps));
  // Whoever sends slowly may be signed out meanwhile: the session is read once the body is there.
  app.use(
    checkOrigin(deps.portalUrl),
    express.urlencoded({ extended: false, limit: '16kb' }),
    express.json({ limit: '64kb' }),
    sessions(deps),
    loadAccount(deps.db),
    checkCsrfToken,
  );
  app.use(
    landingRoutes(deps),
    accountRoutes(deps),
    passwordRoutes(deps),
    shareRoutes(deps),
    uploadRoutes(deps),
  );
  app.use(billingRoutes(deps), connectionRoutes(deps), workspaceLogRoutes(deps));
  app.use(() => {
    throw new AppError('not_found', 'page.not_found', {});
  });
  app.use(handleErrors(deps));
  return app;
}
