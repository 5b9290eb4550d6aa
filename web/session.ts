import type { Request, RequestHandler, Response } from 'express';
import session from 'express-session';
import type { Account } from '../prisma/generated/client.js';
import type { WebDeps } from './deps.js';
import { createSessionStore } from './session-store.js';

declare module 'express-session' {
  interface SessionData {
    /** Set while somebody is signed in; a reset of the password deletes sessions by it. */
    accountId: string;
    /** The account's as its password was asked for; a reset of the password raises it. */
    passwordVersion: number;
    /** When they signed in, in milliseconds of the epoch. */
    signedInAt: number;
    csrfToken: string;
    /** A sentence for the next page, shown once. */
    note: string;
    /** Addresses that stood twice in the form of a share, for the page of that share. */
    listedTwice: { shareId: string; emails: string[] };
  }
}

const IDLE_MS = 30 * 60 * 1000;
const ABSOLUTE_MS = 12 * 60 * 60 * 1000;

/**
 * Sessions in Postgres: 30 minutes after the last request they end, and 12 hours after the sign-in at the
 * latest. Over plain http (a local portal) browsers take no Secure cookie, so it has another name there.
 */
export function sessions(
  deps: Pick<WebDeps, 'pool' | 'portalUrl' | 'sessionSecret' | 'log'>,
): RequestHandler[] {
  const isHttps = deps.portalUrl.startsWith('https:');
  const load = session({
    store: createSessionStore(deps),
    name: isHttps ? '__Host-sid' : 'sid',
    secret: deps.sessionSecret,
    resave: false,
    saveUninitialized: false,
    rolling: true,
    // TLS ends in front of us, so only the proxy knows that the connection is secure.
    ...(isHttps ? { proxy: true } : {}),
    cookie: { path: '/', httpOnly: true, sameSite: 'lax', secure: isHttps, maxAge: IDLE_MS },
  });
  return [load, sendWhole, endOldSessions];
}

/** Signs somebody in under a new session id, so that an id planted before is worth nothing. */
export async function startSession(
  req: Request,
  { id, passwordVersion }: Pick<Account, 'id' | 'passwordVersion'>,
): Promise<void> {
  await renewSession(req);
  req.session.accountId = id;
  req.session.passwordVersion = passwordVersion;
  req.session.signedInAt = Date.now();
}

/** The same sign-in under a new id, after something that matters. */
export async function rotateSession(req: Request): Promise<void> {
  const { accountId, passwordVersion, signedInAt } = req.session;
  await renewSession(req);
  Object.assign(req.session, { accountId, passwordVersion, signedInAt });
}

/** Redirects once the session is saved. By itself express-session tells nobody of one that could not be. */
export async function seeOther(req: Request, res: Response, path: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    req.session.save((error?: Error | null) => {
      if (error) reject(error);
      else resolve();
    });
  });
  res.redirect(303, path);
}

/** Ends a session here and in the database, and goes on with an empty one. */
export function renewSession(req: Request): Promise<void> {
  return new Promise((resolve, reject) => {
    req.session.regenerate((error?: Error | null) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

/**
 * express-session sends an answer but for its last byte, and then saves. Held back until it has, no answer is seen in part:
 * a browser that follows it at once finds the session saved, and where this process dies meanwhile, a proxy that has
 * got nothing yet can ask another one.
 */
const sendWhole: RequestHandler = (_req, res, next) => {
  const end = res.end.bind(res) as (...args: unknown[]) => Response;
  res.end = (...args: unknown[]) => {
    res.cork();
    return end(...args);
  };
  next();
};

const endOldSessions: RequestHandler = async (req, _res, next) => {
  const { signedInAt } = req.session;
  if (signedInAt && Date.now() - signedInAt > ABSOLUTE_MS) await renewSession(req);
  next();
};
