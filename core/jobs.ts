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

/** The same for ready marks that are jobs instead of objects: only the mailer process takes them, and only it mails. */
export const mailJobs = {
  'deliver-share': shareJob,
  'deliver-mail': z.strictObject({ deliveryId: z.uuid() }),
} as const;

export type JobName = keyof typeof jobs;
export type MailJobName = keyof typeof mailJobs;
export type JobPayload<N extends JobName> = z.infer<(typeof jobs)[N]>;

/** The one queue that web, bot and worker share. */
export const QUEUE_NAME = 'passalong';

/** The queue between them and the mailer process. */
export const MAIL_QUEUE_NAME = 'passalong-mail';

/** `<job>-<id>`: saves work while the earlier job is kept, and guarantees nothing. */
export function jobId<N extends JobName>(name: N, payload: JobPayload<N>): string {
  return [name, ...Object.values(payload)].join('-');
}
