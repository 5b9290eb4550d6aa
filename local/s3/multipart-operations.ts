import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dataPath, publishObject } from './bucket.js';
import type { Part, StoredObject, Upload } from './bucket.js';
import { checkWriteConditions } from './conditions.js';
import { replaceFile, syncFolder, temporaryPrefix, writeStream } from './durable-files.js';
import { partFileName, uploadFileName } from './open-bucket.js';
import { openPayload, readXmlPayload } from './payload.js';
import { multipartEtag, sendEmpty, sendXml, storedHeaders } from './s3-call.js';
import type { S3Call } from './s3-call.js';
import { S3Error } from './s3-error.js';
import { headerOf } from './s3-request.js';
import { nextSequence } from './sequence.js';
import { xmlChildren, xmlChildText, xmlDocument, xmlText } from './xml.js';

const minPartBytes = 5 * 1024 ** 2;
const maxParts = 10_000;

/** CreateMultipartUpload. */
export async function createUpload({ request, response, bucket }: S3Call): Promise<void> {
  if (headerOf(request, 'x-amz-checksum-type') === 'FULL_OBJECT') throw new S3Error('NotImplemented');
  const id = randomBytes(24).toString('hex');
  const upload = { id, key: request.key, startedAtMs: Date.now(), headers: storedHeaders(request) };
  await mkdir(dataPath(bucket, id));
  await replaceFile(dataPath(bucket, id, uploadFileName), JSON.stringify(upload));
  await syncFolder(dataPath(bucket, ''));
  bucket.uploads.set(id, { ...upload, parts: new Map() });
  const target = [xmlText('Bucket', bucket.name), xmlText('Key', request.key)];
  sendXml(response, 200, xmlDocument('InitiateMultipartUploadResult', ...target, xmlText('UploadId', id)));
}

/** UploadPart. A part that comes again replaces the earlier one. */
export async function uploadPart(call: S3Call): Promise<void> {
  const { request, response, authorization, bucket } = call;
  if (headerOf(request, 'x-amz-copy-source') !== undefined) throw new S3Error('NotImplemented');
  const number = Number(request.query.get('partNumber'));
  if (!Number.isInteger(number) || number < 1 || number > maxParts) {
    throw new S3Error('InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive');
  }
  const { id } = uploadOf(call);
  const payload = openPayload(request, authorization);
  const temporary = dataPath(bucket, id, `${temporaryPrefix}${randomUUID()}`);
  await writeStream(temporary, payload.chunks);

  const etag = payload.md5();
  try {
    await bucket.lock(`upload ${id}`, async () => {
      const { parts } = uploadOf(call);
      const fileName = partFileName(number, nextSequence(), etag);
      await rename(temporary, dataPath(bucket, id, fileName));
      await syncFolder(dataPath(bucket, id));
      const older = parts.get(number);
      parts.set(number, { number, fileName, etag, sizeBytes: payload.sizeBytes, modifiedAtMs: Date.now() });
      if (older !== undefined) await rm(dataPath(bucket, id, older.fileName));
    });
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  sendEmpty(response, 200, { etag: `"${etag}"`, ...payload.checksums });
}

/** CompleteMultipartUpload. No byte is copied: the object's record names the files of its parts. */
export async function completeUpload(call: S3Call): Promise<void> {
  const { request, response, authorization, bucket, outbox } = call;
  const wanted = parsePartList(await readXmlPayload(request, authorization));
  const object = await bucket.lock(`upload ${uploadOf(call).id}`, async () => {
    const upload = uploadOf(call);
    const parts = chooseParts(upload, wanted);
    const completed: StoredObject = {
      key: upload.key,
      id: upload.id,
      sizeBytes: parts.reduce((total, part) => total + part.sizeBytes, 0),
      etag: multipartEtag(parts.map((part) => part.etag)),
      modifiedAtMs: Date.now(),
      headers: upload.headers,
      checksums: {},
      files: parts.map(({ fileName, sizeBytes }) => ({ name: fileName, sizeBytes })),
    };
    await publishObject(bucket, completed, (current) => {
      checkWriteConditions(request, current);
      return outbox.record(bucket.name, completed, 'ObjectCreated:CompleteMultipartUpload');
    });
    bucket.uploads.delete(upload.id);
    const unused = [...upload.parts.values()]
      .filter((part) => !parts.includes(part))
      .map((part) => part.fileName);
    for (const name of [...unused, uploadFileName])
      await rm(dataPath(bucket, upload.id, name), { force: true });
    return completed;
  });
  const location = `http://${request.incoming.headers.host ?? ''}${request.rawPath}`;
  const target = [xmlText('Location', location), xmlText('Bucket', bucket.name), xmlText('Key', object.key)];
  const etag = xmlText('ETag', `"${object.etag}"`);
  sendXml(response, 200, xmlDocument('CompleteMultipartUploadResult', ...target, etag));
}

/** AbortMultipartUpload. */
export async function abortUpload(call: S3Call): Promise<void> {
  const { bucket, response } = call;
  await bucket.lock(`upload ${uploadOf(call).id}`, async () => {
    const { id } = uploadOf(call);
    // The description goes first: a folder without one is litter at the next start.
    await rm(dataPath(bucket, id, uploadFileName));
    bucket.uploads.delete(id);
    await rm(dataPath(bucket, id), { recursive: true, force: true, maxRetries: 3 });
  });
  sendEmpty(response, 204);
}

/** The upload that a request names. @throws S3Error NoSuchUpload, also when it belongs to another key */
export function uploadOf({ request, bucket }: S3Call): Upload {
  const upload = bucket.uploads.get(request.query.get('uploadId') ?? '');
  if (upload?.key !== request.key) throw new S3Error('NoSuchUpload');
  return upload;
}

function parsePartList(xml: string): { number: number; etag: string }[] {
  const parts = xmlChildren(xml, 'Part').map((part) => ({
    number: Number(xmlChildText(part, 'PartNumber') ?? NaN),
    etag: (xmlChildText(part, 'ETag') ?? '').trim().replace(/^"|"$/g, ''),
  }));
  const isWellFormed = parts.every(({ number, etag }) => Number.isInteger(number) && etag !== '');
  if (parts.length === 0 || parts.length > maxParts || !isWellFormed) throw new S3Error('MalformedXML');
  return parts;
}

function chooseParts(upload: Upload, wanted: { number: number; etag: string }[]): Part[] {
  const parts = wanted.map(({ number, etag }, index) => {
    if (number <= (wanted[index - 1]?.number ?? 0)) throw new S3Error('InvalidPartOrder');
    const part = upload.parts.get(number);
    if (part?.etag !== etag) throw new S3Error('InvalidPart');
    return part;
  });
  if (parts.slice(0, -1).some((part) => part.sizeBytes < minPartBytes)) throw new S3Error('EntityTooSmall');
  return parts;
}
