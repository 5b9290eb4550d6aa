import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { S3Error } from './s3-error.js';

const algorithm = 'AWS4-HMAC-SHA256';
const maxClockSkewMs = 15 * 60 * 1000;
const maxPresignedSeconds = 7 * 24 * 3600;

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
}

export interface SignableRequest {
  method: string;
  rawPath: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
}

/** A proven signature, and what the signatures of the body's chunks continue from. */
export interface Authorization {
  payloadHash: string;
  signature: string;
  timestamp: string;
  scope: string;
  signingKey: Buffer;
}

interface Claims {
  isPresigned: boolean;
  credential: string;
  signedHeaders: string[];
  signature: string;
  timestamp: string;
  payloadHash: string;
}

/**
 * Verifies AWS Signature Version 4, in the Authorization header or in the query, against one key pair.
 * @throws S3Error with the code AWS answers for a missing, wrong, expired or malformed signature
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
 */
export function authorize(
  request: SignableRequest,
  credentials: Credentials,
  region: string,
  nowMs = Date.now(),
): Authorization {
  const claims = request.headers.authorization === undefined ? queryClaims(request) : headerClaims(request);
  const scope = checkScope(claims, credentials, region);
  checkTime(claims, request.query, nowMs);
  checkSignedHeaders(claims, request.headers);

  const date = claims.timestamp.slice(0, 8);
  const signingKey = [date, region, 's3', 'aws4_request'].reduce<Buffer>(
    (key, part) => createHmac('sha256', key).update(part).digest(),
    Buffer.from(`AWS4${credentials.secretAccessKey}`),
  );
  const canonicalHash = sha256Hex(canonicalRequest(request, claims));
  const expected = sign(signingKey, algorithm, claims.timestamp, scope, canonicalHash);
  if (!isEqual(expected, claims.signature)) throw new S3Error('SignatureDoesNotMatch');
  const { payloadHash, signature, timestamp } = claims;
  return { payloadHash, signature, timestamp, scope, signingKey };
}

/** The hexadecimal signature of lines joined with a newline. */
export function sign(signingKey: Buffer, ...lines: string[]): string {
  return createHmac('sha256', signingKey).update(lines.join('\n')).digest('hex');
}

/** Lower-case hexadecimal SHA-256 of UTF-8 text. */
export function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Compares two signatures in constant time. */
export function isEqual(expected: string, actual: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(actual)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function headerClaims({ headers, query }: SignableRequest): Claims {
  const header = headers.authorization ?? '';
  if (query.has('X-Amz-Signature')) throw new S3Error('InvalidArgument', 'Only one auth mechanism allowed.');
  if (!header.startsWith(`${algorithm} `)) {
    throw new S3Error('InvalidRequest', `The authorization mechanism is not supported. Use ${algorithm}.`);
  }
  const field = (name: string): string => {
    const value = new RegExp(`[\\s,]${name}=([^,\\s]+)`).exec(header)?.[1];
    if (value === undefined) throw new S3Error('AuthorizationHeaderMalformed');
    return value;
  };
  const payloadHash = headers['x-amz-content-sha256'];
  if (typeof payloadHash !== 'string') {
    throw new S3Error('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256');
  }
  return {
    isPresigned: false,
    credential: field('Credential'),
    signedHeaders: field('SignedHeaders').split(';'),
    signature: field('Signature'),
    timestamp: String(headers['x-amz-date'] ?? ''),
    payloadHash,
  };
}

function queryClaims({ headers, query }: SignableRequest): Claims {
  if (!query.has('X-Amz-Signature')) throw new S3Error('AccessDenied');
  const field = (name: string): string => {
    const value = query.get(name);
    if (value === null) throw new S3Error('AuthorizationQueryParametersError', `${name} is missing.`);
    return value;
  };
  if (field('X-Amz-Algorithm') !== algorithm) throw new S3Error('AuthorizationQueryParametersError');
  const payloadHash = query.get('X-Amz-Content-Sha256') ?? headers['x-amz-content-sha256'];
  return {
    isPresigned: true,
    credential: field('X-Amz-Credential'),
    signedHeaders: field('X-Amz-SignedHeaders').split(';'),
    signature: field('X-Amz-Signature'),
    timestamp: field('X-Amz-Date'),
    payloadHash: typeof payloadHash === 'string' ? payloadHash : 'UNSIGNED-PAYLOAD',
  };
}

function checkScope(claims: Claims, credentials: Credentials, region: string): string {
  const [accessKeyId, ...scopeParts] = claims.credential.split('/');
  if (accessKeyId !== credentials.accessKeyId) throw new S3Error('InvalidAccessKeyId');
  const scope = `${claims.timestamp.slice(0, 8)}/${region}/s3/aws4_request`;
  if (scopeParts.join('/') === scope) return scope;
  const code = claims.isPresigned ? 'AuthorizationQueryParametersError' : 'AuthorizationHeaderMalformed';
  throw new S3Error(code, `The credential scope must be ${scope}.`);
}

function checkTime({ isPresigned, timestamp }: Claims, query: URLSearchParams, nowMs: number): void {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(timestamp);
  if (match === null) throw new S3Error('AccessDenied', 'AWS authentication requires a valid X-Amz-Date.');
  const [year = 0, month = 0, ...rest] = match.slice(1).map(Number);
  const signedAtMs = Date.UTC(year, month - 1, ...rest);
  if (!isPresigned) {
    if (Math.abs(nowMs - signedAtMs) > maxClockSkewMs) throw new S3Error('RequestTimeTooSkewed');
    return;
  }
  const expiresSeconds = Number(query.get('X-Amz-Expires') ?? NaN);
  if (!(expiresSeconds >= 1 && expiresSeconds <= maxPresignedSeconds)) {
    throw new S3Error('AuthorizationQueryParametersError', 'X-Amz-Expires must be between 1 and 604800.');
  }
  if (nowMs < signedAtMs - maxClockSkewMs) throw new S3Error('AccessDenied', 'Request is not valid yet');
  if (nowMs > signedAtMs + expiresSeconds * 1000) throw new S3Error('AccessDenied', 'Request has expired');
}

function checkSignedHeaders({ signedHeaders }: Claims, headers: IncomingHttpHeaders): void {
  const mustBeSigned = ['host', ...Object.keys(headers).filter((name) => name.startsWith('x-amz-'))];
  if (mustBeSigned.every((name) => signedHeaders.includes(name))) return;
  throw new S3Error('AccessDenied', 'There were headers present in the request which were not signed');
}

function canonicalRequest(request: SignableRequest, claims: Claims): string {
  const { method, rawPath, query, headers } = request;
  const path = rawPath
    .split('/')
    .map((segment) => encode(decodeURIComponent(segment)))
    .join('/');
  const parameters = [...query]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([nameA, valueA], [nameB, valueB]) => byOrder(nameA, nameB) || byOrder(valueA, valueB))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  const headerLines = claims.signedHeaders
    .map((name) => `${name}:${canonicalValue(headers[name])}\n`)
    .join('');
  return [method, path, parameters, headerLines, claims.signedHeaders.join(';'), claims.payloadHash].join(
    '\n',
  );
}

function canonicalValue(value: string | string[] | undefined): string {
  const text = Array.isArray(value) ? value.join(',') : (value ?? '');
  return text.trim().replace(/ +/g, ' ');
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function byOrder(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
