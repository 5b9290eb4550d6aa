import { mailJobs, type MailJobName } from '../core/jobs.js';
import type { Logger } from '../core/ports.js';
import { mailDue, type OnReadyDeps } from './on-ready/mail-due.js';

/** A job's own limit, as a Lambda has one: what is still due then is marked again by the reconciler. */
const MAX_RUN_MS = 45_000;

/**
 * Mails what is due behind one job of the mail queue. Safe to repeat, since each mail is claimed in Postgres. Throws
 * where another try can help, and then ids alone: the queue keeps in clear text what it is thrown.
 */
export async function runMailJob(
  deps: OnReadyDeps & { log: Logger },
  name: string,
  payload: unknown,
): Promise<void> {
  const log = deps.log.child({ job: name });
  const parsed = isMailJobName(name) ? mailJobs[name].safeParse(payload) : null;
  if (!parsed?.success) {
    log.error({ err: parsed?.error }, 'job of an unknown name or with a malformed payload dropped');
    return;
  }
  try {
    await mailDue({ ...deps, log }, [parsed.data], deps.monotonicMs() + MAX_RUN_MS);
  } catch (error) {
    log.warn({ ...parsed.data, err: error }, 'job will be tried again');
    // eslint-disable-next-line preserve-caught-error -- its message may hold what no queue should keep
    throw new Error('unexpected');
  }
}

function isMailJobName(name: string): name is MailJobName {
  return Object.hasOwn(mailJobs, name);
}
