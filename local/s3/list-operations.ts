import { deleteObject } from './bucket.js';
import type { Bucket, StoredObject } from './bucket.js';
import { listKeys, sortKeys } from './list-keys.js';
import { uploadOf } from './multipart-operations.js';
import { readXmlPayload } from './payload.js';
import { sendEmpty, sendXml } from './s3-call.js';
import type { S3Call } from './s3-call.js';
import { S3Error } from './s3-error.js';
import { xmlChildren, xmlChildText, xmlDocument, xmlElement, xmlText } from './xml.js';

const maxPageSize = 1000;

/** HeadBucket. */
export function headBucket({ response }: S3Call): Promise<void> {
  sendEmpty(response, 200);
  return Promise.resolve();
}

/** ListObjectsV2. */
export function listObjects({ request, response, bucket }: S3Call): Promise<void> {
  const { query } = request;
  if (query.get('list-type') !== '2') throw new S3Error('NotImplemented');
  const [prefix, delimiter] = [query.get('prefix') ?? '', query.get('delimiter') ?? ''];
  const token = query.get('continuation-token');
  const after =
    token === null ? (query.get('start-after') ?? '') : Buffer.from(token, 'base64url').toString();
  const maxKeys = pageSize(query, 'max-keys');
  bucket.sortedKeys ??= sortKeys(bucket.objects.keys());
  const page = listKeys(bucket.sortedKeys, { prefix, delimiter, after, maxKeys });

  const name = query.get('encoding-type') === 'url' ? encodeURIComponent : (text: string) => text;
  const { keys, commonPrefixes, nextAfter } = page;
  const parts = [
    xmlText('Name', bucket.name),
    xmlText('Prefix', name(prefix)),
    ...(delimiter === '' ? [] : [xmlText('Delimiter', name(delimiter))]),
    ...(query.has('encoding-type') ? [xmlText('EncodingType', 'url')] : []),
    xmlText('MaxKeys', maxKeys),
    xmlText('KeyCount', keys.length + commonPrefixes.length),
    xmlText('IsTruncated', nextAfter !== undefined),
    ...(token === null ? [] : [xmlText('ContinuationToken', token)]),
    ...(nextAfter === undefined
      ? []
      : [xmlText('NextContinuationToken', Buffer.from(nextAfter).toString('base64url'))]),
    ...keys.flatMap((key) => describeObject(bucket.objects.get(key), name)),
    ...commonPrefixes.map((text) => xmlElement('CommonPrefixes', xmlText('Prefix', name(text)))),
  ];
  sendXml(response, 200, xmlDocument('ListBucketResult', ...parts));
  return Promise.resolve();
}

/** DeleteObjects, 1000 keys at most. */
export async function deleteObjects({ request, response, authorization, bucket }: S3Call): Promise<void> {
  const xml = await readXmlPayload(request, authorization);
  const keys = xmlChildren(xml, 'Object').map((object) => xmlChildText(object, 'Key'));
  if (keys.length === 0 || keys.length > maxPageSize) throw new S3Error('MalformedXML');
  const deleted: string[] = [];
  for (const key of keys) {
    if (key === undefined) throw new S3Error('MalformedXML');
    await deleteObject(bucket, key);
    deleted.push(xmlElement('Deleted', xmlText('Key', key)));
  }
  const isQuiet = xmlChildText(xml, 'Quiet') === 'true';
  sendXml(response, 200, xmlDocument('DeleteResult', ...(isQuiet ? [] : deleted)));
}

/** ListMultipartUploads: by key, then by start. */
export function listUploads({ request, response, bucket }: S3Call): Promise<void> {
  const { query } = request;
  if (query.has('delimiter')) throw new S3Error('NotImplemented');
  const prefix = query.get('prefix') ?? '';
  const maxUploads = pageSize(query, 'max-uploads');
  const uploads = sortedUploads(bucket).filter((upload) => upload.key.startsWith(prefix));
  const marker = uploads.findIndex((upload) => upload.id === query.get('upload-id-marker'));
  const page = uploads.slice(marker + 1, marker + 1 + maxUploads);
  const last = page.at(-1);
  const isTruncated = marker + 1 + page.length < uploads.length;
  const next = isTruncated && last !== undefined ? last : undefined;
  const parts = [
    xmlText('Bucket', bucket.name),
    xmlText('Prefix', prefix),
    xmlText('MaxUploads', maxUploads),
    xmlText('IsTruncated', isTruncated),
    ...(next === undefined
      ? []
      : [xmlText('NextKeyMarker', next.key), xmlText('NextUploadIdMarker', next.id)]),
    ...page.map(({ key, id, startedAtMs }) =>
      xmlElement(
        'Upload',
        xmlText('Key', key),
        xmlText('UploadId', id),
        xmlText('Initiated', iso(startedAtMs)),
      ),
    ),
  ];
  sendXml(response, 200, xmlDocument('ListMultipartUploadsResult', ...parts));
  return Promise.resolve();
}

/** ListParts. */
export function listParts(call: S3Call): Promise<void> {
  const { request, response, bucket } = call;
  const upload = uploadOf(call);
  const maxParts = pageSize(request.query, 'max-parts');
  const marker = Number(request.query.get('part-number-marker') ?? 0);
  const later = [...upload.parts.values()]
    .filter((part) => part.number > marker)
    .sort((a, b) => a.number - b.number);
  const page = later.slice(0, maxParts);
  const parts = [
    xmlText('Bucket', bucket.name),
    xmlText('Key', upload.key),
    xmlText('UploadId', upload.id),
    xmlText('PartNumberMarker', marker),
    xmlText('NextPartNumberMarker', page.at(-1)?.number ?? marker),
    xmlText('MaxParts', maxParts),
    xmlText('IsTruncated', page.length < later.length),
    ...page.map((part) =>
      xmlElement(
        'Part',
        xmlText('PartNumber', part.number),
        xmlText('LastModified', iso(part.modifiedAtMs)),
        xmlText('ETag', `"${part.etag}"`),
        xmlText('Size', part.sizeBytes),
      ),
    ),
  ];
  sendXml(response, 200, xmlDocument('ListPartsResult', ...parts));
  return Promise.resolve();
}

function describeObject(object: StoredObject | undefined, name: (text: string) => string): string[] {
  if (object === undefined) return [];
  return [
    xmlElement(
      'Contents',
      xmlText('Key', name(object.key)),
      xmlText('LastModified', iso(object.modifiedAtMs)),
      xmlText('ETag', `"${object.etag}"`),
      xmlText('Size', object.sizeBytes),
      xmlText('StorageClass', 'STANDARD'),
    ),
  ];
}

function sortedUploads(bucket: Bucket) {
  const uploads = [...bucket.uploads.values()].sort((a, b) => a.startedAtMs - b.startedAtMs);
  return sortKeys(new Set(uploads.map((upload) => upload.key))).flatMap((key) =>
    uploads.filter((upload) => upload.key === key),
  );
}

function pageSize(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? String(maxPageSize);
  if (!/^\d{1,9}$/.test(text)) throw new S3Error('InvalidArgument', `${name} must be a whole number.`);
  return Math.min(Number(text), maxPageSize);
}

function iso(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
