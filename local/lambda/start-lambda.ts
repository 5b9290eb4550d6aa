import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { openEventQueue } from './event-queue.js';
import { createFunctionPool, type FunctionPool } from './function-pool.js';
import { failed, type LambdaFunction } from './invocation.js';
import { readBody } from './read-body.js';
import { unpackZip } from './unpack-zip.js';

interface LambdaOptions {
  dataDir: string;
  /** 0 takes a free one. */
  port: number;
  functions: Record<string, LambdaFunction>;
  /** Before the first and the second retry of an event. AWS waits one and two minutes. */
  retryDelaysMs?: [number, number];
}

export interface Lambda {
  url: string;
  /** Takes nothing new, gives what runs a few seconds to end, then kills it; its events are run at the next start. */
  close(): Promise<void>;
}

const closeGraceMs = 3_000;
/** AWS's limits for a payload. */
const maxBytes = { Event: 1024 * 1024, RequestResponse: 6 * 1024 * 1024 };

/**
 * Starts a Lambda runtime (loopback only) that runs the code of the given zips in child processes: the Invoke API for
 * callers, and under `/runtime/<environment>/` the Runtime API for the children.
 * Rejects when a zip cannot be read, or with the listen error (EADDRINUSE) when the port is taken.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
export async function startLambda(options: LambdaOptions): Promise<Lambda> {
  const directories = new Map<string, string>();
  for (const [name, { zipPath }] of Object.entries(options.functions))
    directories.set(name, await unpackZip(zipPath, join(options.dataDir, 'code', name)));

  let isOpen = false;
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      console.error(error);
      refuse(response, 500, 'ServiceException', 'The local Lambda failed.');
    });
  });
  server.listen(options.port, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  const pools = new Map<string, FunctionPool>();
  for (const [name, directory] of directories) {
    const lambda = options.functions[name];
    if (lambda) pools.set(name, createFunctionPool(name, lambda, directory, `127.0.0.1:${port}/runtime`));
  }
  const events = await openEventQueue(
    options.dataDir,
    options.retryDelaysMs ?? [1_000, 5_000],
    (name, invocation) => {
      const pool = pools.get(name);
      return pool
        ? pool.invoke(invocation)
        : Promise.resolve(failed('ResourceNotFound', `No function ${name}`));
    },
  );
  isOpen = true;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').split('?')[0] ?? '';
    const [, environmentId = '', call = ''] =
      /^\/runtime\/([^/]+)\/2018-06-01\/runtime\/(.+)$/.exec(path) ?? [];
    const environment = [...pools.values()].map((pool) => pool.find(environmentId)).find(Boolean);
    if (environment) {
      await environment.answer(call, request, response);
      return;
    }
    const [, name] = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(path) ?? [];
    const pool = pools.get(decodeURIComponent(name ?? ''));
    if (!isOpen) refuse(response, 503, 'ServiceException', 'The local Lambda is starting or closing.');
    else if (path === '/healthz') response.end('ok');
    else if (!name || request.method !== 'POST')
      refuse(response, 404, 'UnknownOperationException', 'Not found.');
    // Only browsers send Origin: a web page must not be able to invoke what runs on this machine.
    else if (request.headers.origin !== undefined)
      refuse(response, 403, 'AccessDeniedException', 'Not for browsers.');
    else if (!pool) refuse(response, 404, 'ResourceNotFoundException', `Function not found: ${name}`);
    else await invoke(decodeURIComponent(name), pool, request, response);
  }

  async function invoke(
    name: string,
    pool: FunctionPool,
    request: IncomingMessage,
    response: ServerResponse,
  ) {
    const type = request.headers['x-amz-invocation-type'] ?? 'RequestResponse';
    const payload = (await readBody(request)) || '{}';
    if (type !== 'Event' && type !== 'RequestResponse')
      refuse(response, 400, 'InvalidParameterValueException', `Unknown invocation type ${String(type)}`);
    else if (Buffer.byteLength(payload) > maxBytes[type])
      refuse(response, 413, 'RequestTooLargeException', `The payload is over ${maxBytes[type]} bytes.`);
    else if (!isJson(payload))
      refuse(response, 400, 'InvalidRequestContentException', 'Could not parse request body into json');
    else if (type === 'Event') {
      const requestId = await events.accept(name, payload);
      response.writeHead(202, { 'x-amzn-requestid': requestId }).end();
    } else if (pool.isFull()) refuse(response, 429, 'TooManyRequestsException', 'Rate Exceeded.');
    else {
      const requestId = randomUUID();
      const outcome = await pool.invoke({ requestId, payload });
      if (outcome.isError) response.setHeader('x-amz-function-error', 'Unhandled');
      response.writeHead(200, { 'content-type': 'application/json', 'x-amzn-requestid': requestId });
      response.end(outcome.payload);
    }
  }

  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      isOpen = false;
      // The queue first: what the pools cut off must not count as a failed attempt.
      const recorded = events.close();
      await Promise.all([...pools.values()].map((pool) => pool.close(closeGraceMs)));
      await recorded;
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
    },
  };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function refuse(response: ServerResponse, status: number, errorType: string, message: string): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/json', 'x-amzn-errortype': errorType });
  response.end(JSON.stringify({ Type: 'User', Message: message }));
}
