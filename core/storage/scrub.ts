import type { Deps } from '../ports.js';
import { eachStored } from './stored-attachment.js';
import { scrubAttachment } from './verify-attachment.js';

export interface Scrubbed {
  files: number;
  /** Copies, as they were found. */
  wrong: number;
  missing: number;
  unreachable: number;
  /** Copies that were made again. */
  repaired: number;
  /** Files of which no member has the right bytes. */
  lost: { shareId: string; attachmentId: string }[];
}

/** Reads every copy of every file now, one after the other, or of those alone that are due. Safe to stop and to run again. */
export async function scrub(
  deps: Pick<Deps, 'members' | 'sql' | 'log' | 'timings'>,
  { isDueOnly = false, onRead }: { isDueOnly?: boolean; onRead?: (bytes: number) => void } = {},
): Promise<Scrubbed> {
  const scrubbed: Scrubbed = { files: 0, wrong: 0, missing: 0, unreachable: 0, repaired: 0, lost: [] };
  for await (const attachment of eachStored(deps.sql, { isDueOnly })) {
    const { copies, repaired, isLost } = await scrubAttachment(deps, attachment, onRead);
    scrubbed.files += 1;
    for (const { state } of copies) if (state !== 'right') scrubbed[state] += 1;
    scrubbed.repaired += repaired.length;
    const { shareId, attachmentId } = attachment;
    if (isLost) scrubbed.lost.push({ shareId, attachmentId });
  }
  return scrubbed;
}
