import type { Request, RequestHandler } from 'express';
import { AppError } from '../../core/errors.js';
import type { Database } from '../../core/ports.js';
import type { Account } from '../../prisma/generated/client.js';
import { renewSession } from '../session.js';

declare module 'express-serve-static-core' {
  interface Request {
    /** Who is signed in; unset on recipients' pages, which have no session. */
    account?: Account | null;
  }
}

/**
 * Finds who is signed in. A session ends whose account is gone (replaced by a new registration), or has another password
 * than the one it began with: the reset deletes those that it sees, but one may just be starting.
 */
export function loadAccount(db: Database): RequestHandler {
  return async (req, _res, next) => {
    const { accountId, passwordVersion } = req.session;
    const account = accountId ? await db.account.findUnique({ where: { id: accountId } }) : null;
    req.account = account?.passwordVersion === passwordVersion ? account : null;
    if (accountId && !req.account) await renewSession(req);
    next();
  };
}

/** Who is signed in. @throws AppError unauthenticated */
export function requireAccount(req: Request): Account {
  if (!req.account) throw new AppError('unauthenticated', 'account.signed_out', {});
  return req.account;
}

/** Who is signed in with a confirmed address. @throws AppError unauthenticated, forbidden */
export function requireConfirmed(req: Request): Account {
  const account = requireAccount(req);
  if (!account.confirmedAt) throw new AppError('forbidden', 'account.not_confirmed', {});
  return account;
}
