import type { JobName, JobPayload } from '../core/jobs.js';
import type { Deps } from '../core/ports.js';
import { deleteObjects } from '../core/shares/delete-objects.js';
import { markReady } from '../core/shares/mark-ready.js';
import { storeAttachments } from '../core/shares/store-attachments.js';
import { repairAttachment } from '../core/storage/repair-attachment.js';
import { verifyAttachment } from '../core/storage/verify-attachment.js';

export type WorkerDeps = Pick<
  Deps,
  | 'db'
  | 'sql'
  | 'queue'
  | 'log'
  | 'timings'
  | 'files'
  | 'members'
  | 'marks'
  | 'fetchers'
  | 'scanner'
  | 'limits'
>;

type Processors = { readonly [N in JobName]: (deps: WorkerDeps, payload: JobPayload<N>) => Promise<void> };

/** What each job does. Every one is safe to repeat and to run twice at once. */
export const processors: Processors = {
  'store-attachments': (deps, { shareId }) => storeAttachments(deps, shareId),
  'mark-ready': (deps, { shareId }) => markReady(deps, shareId),
  'mark-mail': (deps, { deliveryId }) => deps.marks.markMail(deliveryId),
  'delete-objects': (deps, { shareId }) => deleteObjects(deps, shareId),
  'repair-attachment': (deps, { attachmentId }) => repairAttachment(deps, attachmentId),
  'verify-attachment': (deps, { attachmentId }) => verifyAttachment(deps, attachmentId),
};
