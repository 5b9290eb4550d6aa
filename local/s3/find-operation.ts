import { deleteObjects, headBucket, listObjects, listParts, listUploads } from './list-operations.js';
import { abortUpload, completeUpload, createUpload, uploadPart } from './multipart-operations.js';
import { getObject, putObject, removeObject } from './object-operations.js';
import type { S3Call } from './s3-call.js';
import { S3Error } from './s3-error.js';
import type { S3Request } from './s3-request.js';

type Operation = (call: S3Call) => Promise<void>;

/** By method, whether a key is named, and the query parameters that choose the operation, sorted. */
const operations: Record<string, Operation> = {
  'HEAD bucket': headBucket,
  'GET bucket list-type': listObjects,
  'GET bucket uploads': listUploads,
  'POST bucket delete': deleteObjects,
  'PUT object': putObject,
  'GET object': getObject,
  'HEAD object': getObject,
  'DELETE object': removeObject,
  'POST object uploads': createUpload,
  'PUT object partNumber uploadId': uploadPart,
  'POST object uploadId': completeUpload,
  'DELETE object uploadId': abortUpload,
  'GET object uploadId': listParts,
};

/** Parameters that refine an operation. Any other one (`acl`, `tagging`, `versionId`) asks for something else. */
const refinements =
  /^(x-id|x-amz-.*|response-.*|prefix|delimiter|max-keys|start-after|continuation-token|encoding-type|fetch-owner|max-uploads|key-marker|upload-id-marker|max-parts|part-number-marker)$/i;

/** The operation that a request asks for. @throws S3Error NotImplemented for all that this server does not do */
export function findOperation({ method, key, query }: S3Request): Operation {
  const choosing = [...new Set(query.keys())].filter((name) => !refinements.test(name)).sort();
  const operation = operations[[method, key === '' ? 'bucket' : 'object', ...choosing].join(' ')];
  if (operation === undefined) throw new S3Error('NotImplemented');
  return operation;
}
