import { randomBytes } from 'node:crypto';
import type { ErrorRequestHandler, Request, Response } from 'express';
import { ZodError } from 'zod';
import { AppError, FieldErrors, isAppError, withReference } from '../../core/errors.js';
import type { WebDeps } from '../deps.js';
import { statusOf } from '../error-status.js';
import { fieldErrors } from '../forms.js';
import { sendPage } from '../page.js';
import { confirmFirstPage } from '../views/account-pages.js';
import { errorPage } from '../views/error-page.js';
import { csrfToken } from './csrf.js';
import { isDatabaseDown } from './database-down.js';

/** Answers for everything that a route threw, as a page or as JSON; what is our fault gets a reference. */
export function handleErrors(deps: Pick<WebDeps, 'assets' | 'log'>): ErrorRequestHandler {
  return (thrown: unknown, req, res, next) => {
    if (res.headersSent) {
      next(thrown);
      return;
    }
    const known = recognise(thrown);
    res.status(known ? statusOf(known) : 500);
    if (isAppError(known) && known.retryAfterSeconds) res.set('Retry-After', String(known.retryAfterSeconds));
    answer(deps, req, res, known && res.statusCode < 500 ? known : report(deps, thrown, known));
  };
}

/** What its visitor cannot mend is logged, and shown with the same reference. */
function report(
  { log }: Pick<WebDeps, 'log'>,
  thrown: unknown,
  known: AppError | FieldErrors | null,
): AppError {
  const reference = randomBytes(4).toString('hex');
  log.error({ reference, err: thrown }, 'request failed');
  return isAppError(known)
    ? withReference(known, reference)
    : new AppError('unavailable', 'unexpected', { reference });
}

/** Our own errors, and those of Express and the database in our words; null for what nobody expected. */
function recognise(error: unknown): AppError | FieldErrors | null {
  if (isAppError(error) || error instanceof FieldErrors) return error;
  if (error instanceof ZodError) return new AppError('invalid', 'request.malformed', {}, { cause: error });
  if (isDatabaseDown(error)) return new AppError('unavailable', 'service.unavailable', {}, { cause: error });
  const status = error instanceof Error && 'status' in error ? error.status : undefined;
  if (status === 413) return new AppError('invalid', 'request.too_large', {}, { cause: error });
  const isClientFault = typeof status === 'number' && status >= 400 && status < 500;
  return isClientFault ? new AppError('invalid', 'request.malformed', {}, { cause: error }) : null;
}

function answer(
  deps: Pick<WebDeps, 'assets'>,
  req: Request,
  res: Response,
  error: AppError | FieldErrors,
): void {
  if (req.accepts(['html', 'json']) === 'json') {
    const code = isAppError(error) ? error.code : 'form.invalid';
    res.json({ code, message: error.message, fields: fieldErrors(error) });
  } else if (res.statusCode === 401) {
    const next = req.method === 'GET' ? `?next=${encodeURIComponent(req.originalUrl)}` : '';
    res.redirect(303, `/sign-in${next}`);
  } else if (req.account && isAppError(error) && error.code === 'account.not_confirmed') {
    sendPage(deps, req, res, confirmFirstPage(req.account.email, csrfToken(req)));
  } else {
    const isConnecting = isAppError(error) && error.code === 'link.expired';
    const way = isConnecting ? { path: '/connections', name: 'See what is connected' } : undefined;
    sendPage(deps, req, res, errorPage(res.statusCode, error.message, way));
  }
}
