import * as z from 'zod';

const shareJob = z.strictObject({ shareId: z.uuid() });
const attachmentJob = z.strictObject({ attachmentId: z.uuid() });

/** The contract of the queue: job name to payload. Payloads hold ids only: a queue keeps them in clear text. */
export const jobs = {
  'store-attachments': shareJob,
  'mark-ready': shareJob,
  'mark-mail': z.strictObject({ deliveryId: z.uuid() }),
  'delete-objects': shareJob,
  'repair-attachment': attachmentJob,
  'verify-attachment': attachmentJob,
} as const;

export type JobName = keyof typeof jobs;
export type JobPayload<N extends JobName> = z.infer<(typeof jobs)[N]>;

/** The one queue that web, bot and worker share. */
export const QUEUE_NAME = 'passalong';

/** `<job>-<id>`: saves work while the earlier job is kept, and guarantees nothing. */
export function jobId<N extends JobName>(name: N, payload: JobPayload<N>): string {
  return [name, ...Object.values(payload)].join('-');
}
