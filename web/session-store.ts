import connectPgSimple from 'connect-pg-simple';
import session, { type SessionData, type Store } from 'express-session';
import type { WebDeps } from './deps.js';

/**
 * Sessions in Postgres. connect-pg-simple inserts whatever a request saves, also what was deleted while that request
 * was under way, and so would sign in again whoever signed out. Here a session that was read is only ever updated.
 */
export function createSessionStore({ pool, log }: Pick<WebDeps, 'pool' | 'log'>): Store {
  class SessionStore extends connectPgSimple(session) {
    readonly #read = new WeakSet<SessionData>();

    override createSession(...args: Parameters<Store['createSession']>): ReturnType<Store['createSession']> {
      const read = super.createSession(...args);
      this.#read.add(read);
      return read;
    }

    override set(sid: string, data: SessionData, callback?: (error?: unknown) => void): void {
      if (!this.#read.has(data)) {
        super.set(sid, data, callback);
        return;
      }
      const statement = 'UPDATE session SET sess = $1, expire = to_timestamp($2) WHERE sid = $3';
      const expiresSeconds = (Date.now() + (data.cookie.maxAge ?? 0)) / 1000;
      pool.query(statement, [data, expiresSeconds, sid], (error) => callback?.(error));
    }
  }
  return new SessionStore({
    pool,
    createTableIfMissing: false,
    errorLog: (...details: unknown[]) => {
      log.warn({ err: details.find((detail) => detail instanceof Error) }, 'expired sessions not removed');
    },
  });
}
