import type { JobQueue, ReadyMarks } from './ports.js';

/** Ready marks for a process without a right to storage: a worker writes them. */
export function createQueuedMarks(queue: JobQueue): ReadyMarks {
  return {
    markShare: (shareId) => queue.add('mark-ready', { shareId }),
    markMail: (deliveryId) => queue.add('mark-mail', { deliveryId }),
  };
}
