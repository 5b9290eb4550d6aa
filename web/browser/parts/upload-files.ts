import AwsS3 from '@uppy/aws-s3';
import Uppy, { type Body, type Meta, type UppyFile } from '@uppy/core';
import { partBytes } from '../../../core/shares/part-plan.js';
import { ask, RequestError } from './api.js';

export interface UploadItem {
  attachmentId: string;
  file: File;
}

export interface UploadRun {
  /** Uploads what is not there yet; resolves to what went wrong, or null once all files have arrived. */
  run(): Promise<string | null>;
  cancel(): Promise<void>;
}

const PARTS_AT_ONCE = 4;
const RETRY_DELAYS_MS = [0, 1_000, 3_000, 5_000, 10_000];
const BROKEN = 'The connection broke. Nothing is lost: Try again goes on where it stopped.';

/**
 * Uploads files straight to storage, in parts that the portal signs one at a time as they are due. `run` again
 * after a failure asks which parts have arrived and sends the others. Progress is in bytes by attachment.
 */
export function uploadFiles(
  items: readonly UploadItem[],
  onProgress: (attachmentId: string, bytes: number) => void,
): UploadRun {
  const begun = new Set<string>();
  let problem = BROKEN;
  const uppy = new Uppy<Meta, Body>();
  uppy.use(AwsS3, {
    shouldUseMultipart: true,
    limit: PARTS_AT_ONCE,
    retryDelays: RETRY_DELAYS_MS,
    getChunkSize: ({ size }) => partBytes(size),
    async createMultipartUpload(file) {
      const id = attachmentOf(file);
      await ask('POST', `/uploads/${id}/begin`, { body: {} });
      begun.add(id);
      return { uploadId: id, key: id };
    },
    async signPart(_file, { key, partNumber, body, signal }) {
      const part = { partNumber, sizeBytes: body.size };
      const { url } = await ask<{ url: string }>('POST', `/uploads/${key}/parts`, { body: part, signal });
      return { method: 'PUT', url };
    },
    listParts: (file, { key, signal }) => listParts(key, file.size ?? 0, signal),
    async completeMultipartUpload(_file, { key, parts, signal }) {
      const etags = parts.map((part) => part.ETag ?? '');
      await ask('POST', `/uploads/${key}/complete`, { body: { etags }, signal });
      return {};
    },
    // Uppy gives up a file's parts when it fails. We keep them for the next run, and abort on Cancel alone.
    abortMultipartUpload: () => {},
  });
  uppy.on('upload-progress', (file, { bytesUploaded }) => {
    if (file) onProgress(attachmentOf(file), bytesUploaded);
  });
  uppy.on('upload-error', (_file, error) => {
    problem = (error as Error) instanceof RequestError ? error.message : BROKEN;
  });
  for (const { file, attachmentId } of items) {
    // Uppy takes files of one name and size for the same one; the path tells them apart.
    uppy.addFile({ name: file.name, type: file.type, data: file, meta: { relativePath: attachmentId } });
  }

  return {
    async run() {
      problem = BROKEN;
      for (const file of uppy.getFiles()) {
        const id = attachmentOf(file);
        if (file.error && begun.has(id)) uppy.setFileState(file.id, resumeAt(id));
      }
      const result = await uppy.upload();
      return result?.failed?.length ? problem : null;
    },
    async cancel() {
      uppy.cancelAll();
      await Promise.allSettled([...begun].map((id) => ask('POST', `/uploads/${id}/abort`, { body: {} })));
    },
  };
}

interface ListedPart {
  PartNumber: number;
  ETag: string;
  Size?: number;
}

/** What has arrived. Of a file that was joined already, or is just being, every part has. */
async function listParts(
  key: string,
  fileBytes: number,
  signal: AbortSignal | undefined,
): Promise<ListedPart[]> {
  interface Answer {
    isComplete: boolean;
    parts: { partNumber: number; etag: string; sizeBytes: number }[];
  }
  const joined: Answer = { isComplete: true, parts: [] };
  const { isComplete, parts } = await ask<Answer>('GET', `/uploads/${key}/parts`, { signal }).catch(
    (error: unknown) => {
      if (error instanceof RequestError && error.status === 404) return joined;
      throw error;
    },
  );
  if (!isComplete)
    return parts.map((part) => ({ PartNumber: part.partNumber, ETag: part.etag, Size: part.sizeBytes }));
  const count = Math.max(1, Math.ceil(fileBytes / partBytes(fileBytes)));
  return Array.from({ length: count }, (_, index) => ({ PartNumber: index + 1, ETag: 'joined' }));
}

function attachmentOf(file: UppyFile<Meta, Body>): string {
  return String(file.meta.relativePath);
}

/** Where Uppy's S3 plugin finds an upload that was begun: it then lists the parts before it sends any. */
function resumeAt(id: string): Partial<UppyFile<Meta, Body>> {
  return { s3Multipart: { key: id, uploadId: id } } as Partial<UppyFile<Meta, Body>>;
}
