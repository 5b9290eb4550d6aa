import { AppError, isAppError } from '../core/errors.js';
import type { Logger } from '../core/ports.js';

/** So long a member that failed is asked last, and nothing is written to it. */
const SKIP_MS = 30_000;

/** How long a member may take to begin an answer before another is asked. */
const ANSWER_MS = 10_000;

/** What one process knows about the members of storage: which of them failed a moment ago. */
export interface MemberHealth {
  isUsable(name: string): boolean;
  /** Says so once, as an error that needs a person; the member is left alone for half a minute. */
  failed(name: string, error: unknown): void;
  worked(name: string): void;
  /**
   * Asks one member after the other, those that failed a moment ago last, until one answers with what was asked for.
   * @throws AppError unavailable where one of them could not be asked, else not_found
   */
  firstOf<M extends { name: string }, T>(
    members: readonly M[],
    ask: (member: M, signal: AbortSignal) => Promise<T>,
  ): Promise<T>;
}

/** `answerMs` is shorter in tests alone. */
export function createMemberHealth(log: Logger, answerMs = ANSWER_MS): MemberHealth {
  const skippedUntil = new Map<string, number>();
  const health: MemberHealth = {
    isUsable: (name) => (skippedUntil.get(name) ?? 0) <= performance.now(),
    failed(name, error) {
      if (health.isUsable(name)) log.error({ member: name, err: error }, 'a member of storage does not work');
      skippedUntil.set(name, performance.now() + SKIP_MS);
    },
    worked(name) {
      if (skippedUntil.delete(name)) log.info({ member: name }, 'a member of storage works again');
    },
    async firstOf(members, ask) {
      const usable = members.filter(({ name }) => health.isUsable(name));
      const others = members.filter((member) => !usable.includes(member));
      let reason: AppError | undefined;
      for (const member of [...usable, ...others]) {
        try {
          const answer = await inTime(answerMs, (signal) => ask(member, signal));
          health.worked(member.name);
          return answer;
        } catch (error) {
          if (!isAppError(error)) throw error;
          if (error.kind === 'unavailable') health.failed(member.name, error);
          if (!reason || error.kind === 'unavailable') reason = error;
        }
      }
      throw reason ?? new AppError('unavailable', 'storage.unavailable', {});
    },
  };
  return health;
}

/** The signal ends a call that does not answer; once it has answered, its stream may take as long as it likes. */
async function inTime<T>(milliseconds: number, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort(new Error(`no answer within ${milliseconds} ms`));
  }, milliseconds);
  try {
    return await call(controller.signal);
  } finally {
    clearTimeout(timer);
  }
}
