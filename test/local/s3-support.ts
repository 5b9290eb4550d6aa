import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { S3Client } from '@aws-sdk/client-s3';
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import { startS3 } from '../../local/s3/start-s3.js';
import type { RunningS3, S3Options } from '../../local/s3/start-s3.js';

export const credentials = { accessKeyId: 'AKIDLOCAL', secretAccessKey: 'local-secret' };
export const region = 'us-east-1';

export interface TestS3 extends RunningS3 {
  dataDir: string;
  client: S3Client;
  remove(): Promise<void>;
}

/** A server on a free port with a temporary folder, and an SDK client with its default settings. */
export async function startTestS3(options: Partial<S3Options> = {}): Promise<TestS3> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'local-s3-')));
  const server = await startS3({ port: 0, buckets: ['files', 'mirror'], credentials, ...options, dataDir });
  const client = createClient(server.url);
  return {
    ...server,
    dataDir,
    client,
    async remove() {
      client.destroy();
      await server.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

export function createClient(endpoint: string, config: S3ClientConfig = {}): S3Client {
  return new S3Client({ endpoint, region, credentials, forcePathStyle: true, maxAttempts: 1, ...config });
}

/** The client that presigns, set up as the product does. */
export function createPresigningClient(endpoint: string, config: S3ClientConfig = {}): S3Client {
  return createClient(endpoint, {
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...config,
  });
}

export interface RawAnswer {
  status: number;
  headers: IncomingMessage['headers'];
  body: string;
}

/** One request whose path is sent as given. */
export async function rawRequest(
  base: string,
  method: string,
  path: string,
  headers: OutgoingHttpHeaders = {},
  body: Buffer | string = '',
): Promise<RawAnswer> {
  const { hostname, port } = new URL(base);
  const outgoing = request({ hostname, port, method, path, headers, agent: false });
  outgoing.end(body);
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  return { status: incoming.statusCode ?? 0, headers: incoming.headers, body: await text(incoming) };
}

export interface RawSignature {
  headers: Record<string, string>;
  signature: string;
  /** Signs the next chunk or trailer of an aws-chunked body. */
  signNext(kind: 'PAYLOAD' | 'TRAILER', content: string | Buffer): string;
}

/** Signs headers by hand, written apart from the server's code so that both can be wrong only differently. */
export function signRaw(
  base: string,
  method: string,
  path: string,
  payloadHash: string,
  extraHeaders: Record<string, string> = {},
  date = new Date(),
): RawSignature {
  const sha = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');
  const mac = (key: string | Buffer, content: string): Buffer =>
    createHmac('sha256', key).update(content).digest();
  const timestamp = date.toISOString().replace(/[-:]|\.\d+/g, '');
  const day = timestamp.slice(0, 8);
  const scope = `${day}/${region}/s3/aws4_request`;
  const key = mac(mac(mac(mac(`AWS4${credentials.secretAccessKey}`, day), region), 's3'), 'aws4_request');
  const signed: Record<string, string> = {
    host: new URL(base).host,
    'x-amz-content-sha256': payloadHash,
    'x-amz-date': timestamp,
    ...extraHeaders,
  };
  const names = Object.keys(signed).sort();
  const [rawPath = '', query = ''] = path.split('?');
  const lines = names.map((name) => `${name}:${signed[name] ?? ''}\n`).join('');
  const canonical = [method, rawPath, query, lines, names.join(';'), payloadHash].join('\n');
  let last = mac(key, ['AWS4-HMAC-SHA256', timestamp, scope, sha(canonical)].join('\n')).toString('hex');
  const credential = `Credential=${credentials.accessKeyId}/${scope}`;
  const authorization = `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${names.join(';')}, Signature=${last}`;
  return {
    headers: { ...signed, authorization },
    signature: last,
    signNext(kind, content) {
      const hashes = kind === 'PAYLOAD' ? [sha(''), sha(content)] : [sha(content)];
      last = mac(key, [`AWS4-HMAC-SHA256-${kind}`, timestamp, scope, last, ...hashes].join('\n')).toString(
        'hex',
      );
      return last;
    },
  };
}

/** The error code of an XML answer. */
export function errorCode({ body }: RawAnswer): string | undefined {
  return /<Code>(\w+)<\/Code>/.exec(body)?.[1];
}
