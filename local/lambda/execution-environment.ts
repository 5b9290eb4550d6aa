import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import { failed, functionArn, type Invocation, type LambdaFunction, type Outcome } from './invocation.js';
import { readBody } from './read-body.js';

export interface ExecutionEnvironment {
  id: string;
  /** Runs one invocation; only one at a time. Settles when the outcome is known and a child to be killed is dead. */
  run(invocation: Invocation): Promise<Outcome>;
  isAlive(): boolean;
  /** Answers the child's call of the Runtime API; `path` is what follows `/runtime/`. */
  answer(path: string, request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Kills the child; resolves when it is gone. */
  kill(): Promise<void>;
  /** Resolves when the child is gone, for whatever reason. */
  ended: Promise<void>;
}

/** How long a child may take to load its code, as AWS has it. */
const initTimeoutMs = 10_000;
const bootstrap = fileURLToPath(new URL('./bootstrap.mjs', import.meta.url));

/**
 * Starts a child process that runs one function's unpacked code. `runtimeApi` is the `host:port/path` under which the
 * server hands the calls of environment `id` to `answer`.
 */
export function startEnvironment(
  name: string,
  lambda: LambdaFunction,
  directory: string,
  runtimeApi: string,
): ExecutionEnvironment {
  const id = randomUUID();
  let running: { invocation: Invocation; settle: (outcome: Outcome) => void } | undefined;
  let poll: ServerResponse | undefined;
  let timer: NodeJS.Timeout | undefined;
  let reasonOfEnd: Outcome | undefined;

  const child = spawn(process.execPath, [bootstrap], {
    cwd: directory,
    // The IPC channel closes with this process, however it dies, and ends the child.
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: {
      ...(process.env.PATH !== undefined && { PATH: process.env.PATH }),
      ...lambda.env,
      AWS_LAMBDA_FUNCTION_NAME: name,
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
      AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
      AWS_LAMBDA_LOG_STREAM_NAME: id,
      AWS_LAMBDA_RUNTIME_API: `${runtimeApi}/${id}`,
      LAMBDA_TASK_ROOT: directory,
      _HANDLER: lambda.handler,
    },
  });
  const ended = once(child, 'close').then(
    () => undefined,
    (error: unknown) => {
      reasonOfEnd ??= failed('Runtime.StartError', String(error));
    },
  );
  void ended.then(() => {
    const cause = child.signalCode === null ? `exit status ${child.exitCode}` : `signal: ${child.signalCode}`;
    finish(reasonOfEnd ?? failed('Runtime.ExitError', `Runtime exited with error: ${cause}`));
  });

  function finish(outcome: Outcome): void {
    clearTimeout(timer);
    running?.settle(outcome);
    running = undefined;
  }

  function endWith(reason: Outcome): void {
    reasonOfEnd ??= reason;
    child.kill('SIGKILL');
  }

  function limit(timeoutMs: number): void {
    clearTimeout(timer);
    timer = setTimeout(() => {
      endWith(failed('Sandbox.Timedout', `Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`));
    }, timeoutMs);
  }

  function deliver(): void {
    if (!poll || !running) return;
    const { requestId, payload } = running.invocation;
    poll.writeHead(200, {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': requestId,
      'lambda-runtime-deadline-ms': Date.now() + lambda.timeoutMs,
      'lambda-runtime-invoked-function-arn': functionArn(name),
    });
    poll.end(payload);
    poll = undefined;
    limit(lambda.timeoutMs);
  }

  return {
    id,
    ended,
    isAlive: () => child.pid !== undefined && child.exitCode === null && child.signalCode === null,
    run(invocation) {
      return new Promise((settle) => {
        running = { invocation, settle };
        limit(initTimeoutMs);
        deliver();
      });
    },
    async answer(path, request, response) {
      if (path === 'invocation/next') {
        poll = response;
        deliver();
        return;
      }
      const payload = await readBody(request);
      const [, requestId, kind] = /^invocation\/([^/]+)\/(response|error)$/.exec(path) ?? [];
      if (path === 'init/error') endWith({ isError: true, payload });
      else if (!running || requestId !== running.invocation.requestId) {
        response.writeHead(400).end('{"errorType":"InvalidRequestID"}');
        return;
      } else finish({ isError: kind === 'error', payload });
      response.writeHead(202).end('{"status":"OK"}');
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
