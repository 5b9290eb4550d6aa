import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import type { Logger } from '../core/ports.js';

/** A standby tries for the lock this often. */
const TRY_EVERY_MS = 500;

/** A leader asks its database this often whether it is still there, for so long at most. */
const BEAT_EVERY_MS = 1_000;
const ANSWER_WITHIN_MS = 3_000;

/**
 * Postgres ends a session that is silent for longer: its process is frozen, or the network between them is gone.
 * Above a beat and its answer, so that a leader gives up before another may follow.
 */
const MAX_SILENCE_MS = 6_000;

const LONGEST_GOODBYE_MS = 1_000;

/** The start of a process waits for its role no longer than this. */
const MAX_FIRST_TRY_MS = 10_000;

/** What one process at a time may do: a session-level advisory lock, by its two numbers. */
export interface Office {
  lock: number;
  /** Hashed by Postgres into the second number; also a channel's name, so letters, digits and `_` alone. */
  name: string;
  /** For the log: `Discord`. */
  subject: string;
}

/** Leading, from its beginning on. */
export interface Reign {
  /** After what a start should wait for, well or not. */
  begun: Promise<void>;
  /** What a successor goes on from, up to 7 kB; null where there is nothing. After `end`, where this ended. */
  baton(): string | null;
  /** Gives up at once. Never throws. */
  end(): Promise<void>;
}

export interface Leadership {
  /** Resolves when this leads or stands by, or after ten seconds. */
  firstTry: Promise<void>;
  /** `leads Discord`, or `stands by for Discord`. */
  status: () => string;
  /** Ends the reign, passes the baton on, and only then frees the office. */
  stop(): Promise<void>;
}

/**
 * Contends for an office for as long as the process lives: `lead` is called whenever this has won it, with the baton
 * of whoever led before. `connect` gives a connected client that this owns; where that is lost the reign ends at
 * once, since Postgres may have given the office to another.
 */
export function holdLeadership(
  { lock, name, subject }: Office,
  log: Logger,
  connect: () => Promise<Client>,
  lead: (baton: string | null) => Reign,
): Leadership {
  const stopping = new AbortController();
  let role: 'leads' | 'stands by' | 'cut off' | null = null;
  let baton: string | null = null;
  let whenTried = (): void => undefined;
  const firstTry = new Promise<void>((resolve) => {
    whenTried = resolve;
  });
  /** A line for each change: a standby tries twice a second. */
  const become = (next: NonNullable<typeof role>, error?: unknown): void => {
    if (next !== 'leads') whenTried();
    if (role === next) return;
    role = next;
    if (next === 'cut off') log.warn({ err: error }, `does not lead ${subject}: no database connection`);
    else log.info({}, status());
  };
  const status = (): string => (role === 'leads' ? `leads ${subject}` : `stands by for ${subject}`);

  const serve = async (client: Client): Promise<void> => {
    const lost = new AbortController();
    const over = AbortSignal.any([stopping.signal, lost.signal]);
    const ask: Ask = async (text, values = []) => {
      const query = { text, values, query_timeout: ANSWER_WITHIN_MS };
      return (await client.query<{ isHeld: boolean }>(query)).rows;
    };
    client.on('error', (error) => {
      lost.abort(error);
    });
    client.on('end', () => {
      lost.abort(new Error('the database ended the session'));
    });
    client.on('notification', ({ payload }) => {
      if (payload) baton = payload;
    });
    try {
      await ask(`SET idle_session_timeout = ${MAX_SILENCE_MS}`);
      await ask(`LISTEN ${name}`);
      await winLock(ask, over);
      await reign(ask, over);
      await ask('SELECT pg_notify($1, $2)', [name, baton ?? '']);
    } finally {
      // Frees the office.
      await Promise.race([client.end(), delay(LONGEST_GOODBYE_MS, undefined, { ref: false })]);
    }
  };

  const winLock = async (ask: Ask, over: AbortSignal): Promise<void> => {
    const attempt = 'SELECT pg_try_advisory_lock($1, hashtext($2)) AS "isHeld"';
    while (!(await ask(attempt, [lock, name]))[0]?.isHeld) {
      become('stands by');
      await delay(TRY_EVERY_MS, undefined, { signal: over });
    }
    over.throwIfAborted();
  };

  /** Until this is asked to stop. @throws Error where the database is lost */
  const reign = async (ask: Ask, over: AbortSignal): Promise<void> => {
    become('leads');
    const own = lead(baton);
    // The second beat tells what there is by then, the later ones what has changed.
    let begun: Promise<void> | null = own.begun.then(whenTried);
    try {
      while (!over.aborted) {
        await ask('SELECT pg_notify($1, $2)', [name, own.baton() ?? '']);
        const pause = delay(BEAT_EVERY_MS, undefined, { signal: over }).catch(() => undefined);
        await (begun ? Promise.race([pause, begun]) : pause);
        begun = null;
      }
      if (!stopping.signal.aborted) throw over.reason;
    } catch (error) {
      become('cut off', error);
      throw error;
    } finally {
      await own.end();
      baton = own.baton() ?? baton;
    }
  };

  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await connect()
        .then(serve)
        .catch((error: unknown) => {
          if (!stopping.signal.aborted) become('cut off', error);
        });
      await delay(TRY_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const ended = run();
  return {
    firstTry: Promise.race([firstTry, delay(MAX_FIRST_TRY_MS, undefined, { ref: false })]),
    status,
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

type Ask = (text: string, values?: unknown[]) => Promise<{ isHeld: boolean }[]>;
