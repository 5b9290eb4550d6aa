import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { SesError } from './ses-error.js';

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
}

/** How far the client's clock may be off, as AWS has it. */
const allowedSkewMs = 5 * 60_000;
const scheme =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/[^/]+\/ses\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;

/**
 * Checks the SigV4 signature in the Authorization header of a `POST /`.
 * @throws SesError with status 403 when it is missing, stale, for another region or key, or wrong.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function verifySignature(
  request: IncomingMessage,
  body: Buffer,
  keys: Credentials,
  region: string,
): void {
  const header = request.headers.authorization;
  if (!header) refuse('MissingAuthenticationToken', 'Request is missing Authentication Token');
  const [, accessKeyId, day = '', signedHeaders = '', signature = ''] = scheme.exec(header) ?? [];
  if (!accessKeyId) refuse('IncompleteSignature', 'The Authorization header cannot be read');
  if (accessKeyId !== keys.accessKeyId)
    refuse('InvalidClientTokenId', 'The security token included in the request is invalid.');

  const time = String(request.headers['x-amz-date']);
  const signedAt = Date.parse(time.replace(/^(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\dZ)$/, '$1-$2-$3:$4:$5'));
  if (!(Math.abs(Date.now() - signedAt) <= allowedSkewMs))
    refuse('SignatureDoesNotMatch', `Signature expired: ${time}`);

  const names = signedHeaders.split(';');
  const headers = names.map((name) => `${name}:${String(request.headers[name]).trim()}\n`).join('');
  const canonical = ['POST', '/', '', headers, signedHeaders, sha256(body)].join('\n');
  // The scope has our region, so that a signature for another one does not match.
  const scope = [day, region, 'ses', 'aws4_request'];
  const toSign = ['AWS4-HMAC-SHA256', time, scope.join('/'), sha256(canonical)].join('\n');
  const key = scope.reduce<Buffer>(hmac, Buffer.from(`AWS4${keys.secretAccessKey}`));
  const isSigned = timingSafeEqual(hmac(key, toSign), Buffer.from(signature, 'hex'));
  if (!isSigned || !names.includes('host') || !time.startsWith(day))
    refuse('SignatureDoesNotMatch', 'The signature is not the one of this request.');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

function refuse(code: string, message: string): never {
  throw new SesError(code, message, 403);
}
