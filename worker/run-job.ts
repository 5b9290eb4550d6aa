import { isAppError, isRetryable } from '../core/errors.js';
import { jobs, type JobName } from '../core/jobs.js';
import { processors, type WorkerDeps } from './processors.js';

/**
 * Runs one job of the queue: checks its payload, logs its end once, and throws only where another try can
 * help, so that the queue repeats nothing in vain.
 */
export async function runJob(
  deps: WorkerDeps,
  name: string,
  payload: unknown,
  attempt: number,
): Promise<void> {
  if (!isJobName(name)) {
    deps.log.error({ job: name }, 'job of an unknown name dropped');
    return;
  }
  const log = deps.log.child({ job: name, attempt });
  const parsed = jobs[name].safeParse(payload);
  if (!parsed.success) {
    log.error({ err: parsed.error }, 'job with a malformed payload dropped');
    return;
  }
  try {
    await processors[name]({ ...deps, log }, parsed.data as never);
  } catch (error) {
    if (isRetryable(error)) {
      log.warn({ err: error }, 'job will be tried again');
      // The queue keeps the message and the stack of what it is thrown, in clear text: ours name files.
      // eslint-disable-next-line preserve-caught-error -- so it gets no cause
      throw new Error(isAppError(error) ? error.code : 'unexpected');
    }
    log.error({ err: error }, 'job given up');
  }
}

function isJobName(name: string): name is JobName {
  return Object.hasOwn(jobs, name);
}
