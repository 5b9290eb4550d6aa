import { AppError } from '../core/errors.js';
import { MAIL_QUEUE_NAME, type mailJobs, type MailJobName } from '../core/jobs.js';
import type { ReadyMarks } from '../core/ports.js';
import type * as z from 'zod';
import { JOB_OPTIONS, openQueue, type QueueOptions } from './queue-backend.js';

/** So long a queue is waited for; a mark that is slow after that may still be made, and another does no harm. */
const MAX_ADD_MS = 2_000;

/**
 * Ready marks where no Lambda is: jobs, each of which has the mailer process look for what is due. They have no ids of
 * their own: a mark that is asked for while an earlier one is worked off must not be lost in it.
 */
export function createQueueReadyMarks(options: QueueOptions): ReadyMarks & { close(): Promise<void> } {
  const { queue, close } = openQueue(MAIL_QUEUE_NAME, options);
  const mark = async <N extends MailJobName>(
    name: N,
    payload: z.infer<(typeof mailJobs)[N]>,
  ): Promise<void> => {
    const added = queue.add(name, payload, JOB_OPTIONS);
    // Also when nobody waits for it any more.
    added.catch(() => undefined);
    try {
      await Promise.race([added, refuseAfter(MAX_ADD_MS)]);
    } catch (error) {
      throw new AppError('unavailable', 'service.unavailable', {}, { cause: error });
    }
  };
  return {
    markShare: (shareId) => mark('deliver-share', { shareId }),
    markMail: (deliveryId) => mark('deliver-mail', { deliveryId }),
    close,
  };
}

function refuseAfter(milliseconds: number): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => {
      reject(new Error(`the queue did not answer within ${milliseconds} ms`));
    }, milliseconds).unref();
  });
}
