import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerPreflight, setCorsHeaders } from './cors.js';
import { createFaults, faultsPath, handleFaults } from './faults.js';
import type { S3Faults } from './faults.js';
import { findOperation } from './find-operation.js';
import { openBucket } from './open-bucket.js';
import { openOutbox } from './outbox.js';
import { sendXml } from './s3-call.js';
import { S3Error } from './s3-error.js';
import { readRequest } from './s3-request.js';
import { authorize } from './sigv4.js';
import type { Credentials } from './sigv4.js';
import { xmlDocument, xmlText } from './xml.js';

const keepAliveMs = 65_000;
const defaultRegion = 'us-east-1';

export interface S3Options {
  /** Made when missing. One server at a time. */
  dataDir: string;
  /** 0 for a free one. */
  port: number;
  buckets: string[];
  credentials: Credentials;
  /** us-east-1 unless told. */
  region?: string | undefined;
  /** Where ObjectCreated events of keys that end with `suffix` go: a Lambda Invoke URL. */
  eventTarget?: { url: string; suffix: string } | undefined;
  /** Browser origins that may read answers; '*' for all, none unless told. */
  corsOrigins?: string[] | undefined;
}

export interface RunningS3 {
  url: string;
  faults: S3Faults;
  close(): Promise<void>;
}

/**
 * Starts an S3 server on 127.0.0.1, path-style only, that keeps everything under `dataDir` and survives kill -9.
 * @throws the listen error (EADDRINUSE and the like)
 */
export async function startS3(options: S3Options): Promise<RunningS3> {
  const { credentials, region = defaultRegion, corsOrigins = [] } = options;
  const faults = createFaults();
  const running = new Set<Promise<void>>();
  const closing = new AbortController();
  const server = createServer({ keepAliveTimeout: keepAliveMs, requestTimeout: 0 });
  server.listen(options.port, '127.0.0.1');
  await once(server, 'listening');

  // Only now: the port tells that no other server is working on the same folder.
  const { buckets, outbox } = openState(options, faults, server);

  const answer = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (incoming.url === faultsPath) {
      await handleFaults(incoming, response, faults);
      return;
    }
    const request = readRequest(incoming, response);
    setCorsHeaders(incoming, response, corsOrigins);
    await applyFaults(faults, request.bucket, response, closing.signal);
    if (response.writableEnded) return;
    if (request.method === 'OPTIONS') {
      answerPreflight(incoming, response, corsOrigins);
      return;
    }
    const authorization = authorize({ ...request, headers: incoming.headers }, credentials, region);
    if (request.bucket === '') throw new S3Error('NotImplemented');
    const bucket = buckets.get(request.bucket);
    if (bucket === undefined) throw new S3Error('NoSuchBucket');
    await findOperation(request)({ request, response, authorization, bucket, outbox });
  };

  const handle = (incoming: IncomingMessage, response: ServerResponse): void => {
    const requestId = randomBytes(8).toString('hex').toUpperCase();
    response.setHeader('x-amz-request-id', requestId);
    const work = answer(incoming, response).catch((error: unknown) => {
      sendError(incoming, response, error, requestId);
    });
    running.add(work);
    void work.finally(() => running.delete(work));
  };
  server.on('request', handle);
  server.on('checkContinue', handle);

  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}`,
    faults,
    async close() {
      closing.abort();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
      await Promise.all(running);
      await outbox.close();
    },
  };
}

function openState(options: S3Options, faults: S3Faults, server: Server) {
  const { dataDir, buckets, region = defaultRegion, eventTarget: target } = options;
  try {
    return {
      buckets: new Map(buckets.map((name) => [name, openBucket(join(dataDir, 'buckets', name), name)])),
      outbox: openOutbox({ folder: join(dataDir, 'outbox'), region, target, faults }),
    };
  } catch (error) {
    server.close();
    throw error;
  }
}

async function applyFaults(
  faults: S3Faults,
  bucketName: string,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const fail = faults.failRequests;
  if (fail !== undefined && fail.count > 0) {
    fail.count -= 1;
    sendXml(response, fail.status, xmlDocument('Error', xmlText('Code', 'InternalError')));
    return;
  }
  const bucketFault = faults.failBuckets[bucketName];
  if (bucketFault === 'down') throw new S3Error('ServiceUnavailable');
  if (bucketFault === 'not-found') throw new S3Error('NoSuchBucket');
  if (bucketFault === 'slow') await sleep(faults.delayMs, undefined, { signal });
}

function sendError(
  incoming: IncomingMessage,
  response: ServerResponse,
  error: unknown,
  requestId: string,
): void {
  if (response.destroyed || incoming.errored !== null) return;
  if (!(error instanceof S3Error)) console.error(`S3 ${incoming.method ?? ''} ${requestId}:`, error);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { code, status, message } = error instanceof S3Error ? error : new S3Error('InternalError');
  // A client that waits for 100 Continue keeps its body, so the connection cannot carry another request.
  if (incoming.headers.expect !== undefined) response.setHeader('connection', 'close');
  const [resource = ''] = (incoming.url ?? '').split('?');
  const details = [xmlText('Resource', resource), xmlText('RequestId', requestId)];
  sendXml(
    response,
    status,
    xmlDocument('Error', xmlText('Code', code), xmlText('Message', message), ...details),
  );
  // Whatever the client still sends is read, so that it sees the answer instead of a reset.
  incoming.resume();
}
