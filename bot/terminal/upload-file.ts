import { openAsBlob } from 'node:fs';
import { AppError } from '../../core/errors.js';
import { partBytes } from '../../core/shares/part-plan.js';
import { beginUpload, completeUpload, signUploadPart } from '../../core/shares/upload.js';
import type { TerminalDeps } from './terminal.js';

const TRIES = 3;

/**
 * Uploads one announced file straight to storage, in parts that are streamed from disk.
 * @throws AppError unavailable where storage does not take a part, or as the upload's use-cases
 */
export async function uploadFile(
  deps: TerminalDeps,
  accountId: string,
  attachmentId: string,
  filePath: string,
): Promise<void> {
  const file = await openAsBlob(filePath);
  await beginUpload(deps, accountId, attachmentId);
  const parts: { partNumber: number; etag: string }[] = [];
  const maxPartBytes = partBytes(file.size);
  for (let start = 0; start < file.size; start += maxPartBytes) {
    const part = file.slice(start, start + maxPartBytes);
    const partNumber = parts.length + 1;
    const url = await signUploadPart(deps, accountId, attachmentId, { partNumber, sizeBytes: part.size });
    parts.push({ partNumber, etag: await putPart(url, part) });
  }
  await completeUpload(deps, accountId, attachmentId, parts);
}

/** @returns the part's ETag */
async function putPart(url: string, part: Blob, tries = TRIES): Promise<string> {
  try {
    const response = await fetch(url, { method: 'PUT', body: part });
    await response.body?.cancel();
    const etag = response.headers.get('etag');
    if (response.ok && etag) return etag;
    throw new Error(`storage answered ${response.status}`);
  } catch (error) {
    if (tries > 1) return putPart(url, part, tries - 1);
    throw new AppError('unavailable', 'service.unavailable', {}, { cause: error });
  }
}
