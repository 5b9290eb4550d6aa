import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { strToU8, zipSync } from 'fflate';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { LambdaFunction } from '../../local/lambda/invocation.js';
import { startLambda, type Lambda } from '../../local/lambda/start-lambda.js';
import { getBuilt } from '../support/get-built.js';

/** The functions of these tests write what they do into the file that JOURNAL names, one line each. */
const journalCode = `
  import { appendFileSync } from 'node:fs';
  const note = (line) => appendFileSync(process.env.JOURNAL, line + '\\n');
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
`;

let directory: string;
let lambda: Lambda | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lambda-'));
});

afterEach(async () => {
  await lambda?.close();
  lambda = undefined;
  await rm(directory, { recursive: true });
});

describe('a synchronous invocation', () => {
  test('answers what the handler returns, and reuses the warm process', async () => {
    await start(`let count = 0;
      export const handler = async (event, context) => ({
        event, count: ++count, name: context.functionName, id: context.awsRequestId, left: context.getRemainingTimeInMillis(),
        env: Object.keys(process.env).sort(),
      });`);
    const first = await invoke({ a: 'ü' });
    expect(first.status).toBe(200);
    expect(first.headers.get('x-amz-function-error')).toBeNull();
    const answer = (await first.json()) as Record<string, unknown> & { left: number; env: string[] };
    expect(answer).toMatchObject({
      event: { a: 'ü' },
      count: 1,
      name: 'fn',
      id: first.headers.get('x-amzn-requestid'),
    });
    expect(answer.left).toBeGreaterThan(0);
    expect(answer.left).toBeLessThanOrEqual(5_000);
    const foreign = answer.env.filter((name) => !name.startsWith('AWS_LAMBDA_'));
    expect(foreign).toEqual(['JOURNAL', 'LAMBDA_TASK_ROOT', 'PATH', '_HANDLER']);
    expect(await (await invoke({})).json()).toMatchObject({ count: 2 });
  });

  test('answers the error of a handler that throws, and goes on with the same process', async () => {
    await start(
      `export const handler = async (event) => { if (event.bad) throw new TypeError('bad event'); return process.pid; };`,
    );
    const pid = await (await invoke({})).json();
    const refused = await invoke({ bad: true });
    expect(refused.headers.get('x-amz-function-error')).toBe('Unhandled');
    expect(await refused.json()).toMatchObject({
      errorType: 'TypeError',
      errorMessage: 'bad event',
      trace: expect.anything() as unknown,
    });
    expect(await (await invoke({})).json()).toBe(pid);
  });

  test('says why the code could not be loaded', async () => {
    await start(`throw new Error('no database');`);
    expect(await (await invoke({})).json()).toMatchObject({
      errorType: 'Error',
      errorMessage: 'no database',
    });
  });

  test('says that the handler is missing', async () => {
    await start(`export const other = 1;`);
    expect(await (await invoke({})).json()).toMatchObject({
      errorMessage: 'index.handler is undefined or not exported',
    });
  });

  test('is ended at its time-out, and the next one gets a new process', async () => {
    await start(
      `export const handler = async (event) => { while (event.loop); if (event.wait) await sleep(60_000); return process.pid; };`,
      {
        timeoutMs: 500,
      },
    );
    const pid = await (await invoke({})).json();
    for (const endless of [{ wait: true }, { loop: true }])
      expect(await (await invoke(endless)).json()).toEqual({
        errorType: 'Sandbox.Timedout',
        errorMessage: 'Task timed out after 0.50 seconds',
      });
    expect(isRunning(pid as number)).toBe(false);
    expect(await (await invoke({})).json()).not.toBe(pid);
  });

  test('ends with an error when its process dies in the middle', async () => {
    await start(
      `export const handler = async (event) => { if (event.die) process.exit(3); return 'alive'; };`,
    );
    expect(await (await invoke({ die: true })).json()).toEqual({
      errorType: 'Runtime.ExitError',
      errorMessage: 'Runtime exited with error: exit status 3',
    });
    expect(await (await invoke({})).json()).toBe('alive');
  });

  test('is refused while every process is at work', async () => {
    await start(`export const handler = async () => { note('start'); await sleep(500); return 1; };`, {
      concurrency: 1,
    });
    const first = invoke({});
    await eventually(journal).toEqual(['start']);
    expect((await invoke({})).status).toBe(429);
    expect((await first).status).toBe(200);
  });
});

describe('an event', () => {
  test('is on disk when it is answered with 202, and is forgotten when it is done', async () => {
    await start(`export const handler = async (event) => { await sleep(300); note('got ' + event.key); };`);
    const answer = await invoke({ key: 'k' }, 'Event');
    expect(answer.status).toBe(202);
    expect(await answer.text()).toBe('');
    expect(await readdir(join(directory, 'data/events'))).toEqual([
      `${answer.headers.get('x-amzn-requestid')}.json`,
    ]);
    await eventually(() => readdir(join(directory, 'data/events'))).toEqual([]);
    expect(journal()).toEqual(['got k']);
    expect(await deadLetters()).toEqual([]);
  });

  test('that fails is retried twice with the same id, and then goes to the dead letters with its error', async () => {
    await start(
      `export const handler = async (event, context) => { note(context.awsRequestId); throw new RangeError('never'); };`,
    );
    const id = (await invoke({ key: 'k' }, 'Event')).headers.get('x-amzn-requestid');
    await eventually(deadLetters).toMatchObject([
      {
        requestContext: { requestId: id, condition: 'RetriesExhausted', approximateInvokeCount: 3 },
        requestPayload: { key: 'k' },
        responsePayload: { errorType: 'RangeError', errorMessage: 'never' },
      },
    ]);
    expect(journal()).toEqual([id, id, id]);
    await eventually(() => readdir(join(directory, 'data/events'))).toEqual([]);
  });

  test('whose process crashed, and then ran out of time, is done by its second retry', async () => {
    await start(
      `export const handler = async () => {
        note('try');
        const tries = (await import('node:fs')).readFileSync(process.env.JOURNAL, 'utf8').split('try').length - 1;
        if (tries === 1) process.kill(process.pid, 'SIGKILL');
        if (tries === 2) await sleep(60_000);
        note('done');
      };`,
      { timeoutMs: 500 },
    );
    await invoke({}, 'Event');
    await eventually(journal).toEqual(['try', 'try', 'try', 'done']);
    await eventually(() => readdir(join(directory, 'data/events'))).toEqual([]);
    expect(await deadLetters()).toEqual([]);
  });

  test('waits while every process is at work: never more of them than allowed, all events done', async () => {
    await start(
      `export const handler = async () => { note('+' + process.pid); await sleep(50); note('-'); };`,
      { concurrency: 2 },
    );
    await Promise.all(Array.from({ length: 12 }, () => invoke({}, 'Event')));
    await eventually(() => journal().length).toBe(24);
    let atWork = 0;
    const load = journal().map((line) => (atWork += line === '-' ? -1 : 1));
    expect(Math.max(...load)).toBe(2);
    expect(new Set(journal().filter((line) => line !== '-')).size).toBe(2);
  });

  test('that was accepted before closing is done after the next start, without a lost retry', async () => {
    await start(
      `export const handler = async (event) => { note('try ' + event.n); await sleep(event.n ? 0 : 60_000); };`,
      {
        concurrency: 1,
        timeoutMs: 120_000,
      },
    );
    await invoke({ n: 0 }, 'Event');
    await eventually(journal).toEqual(['try 0']);
    await invoke({ n: 1 }, 'Event');
    await lambda?.close();
    expect(journal()).toEqual(['try 0']);
    await start(`export const handler = async (event) => note('again ' + event.n);`, { concurrency: 1 });
    await eventually(journal).toEqual(['try 0', 'again 0', 'again 1']);
  });
});

describe('the runtime', () => {
  test('loads the new code when the zip has changed, and only then', async () => {
    const code = (value: number) => `export const handler = async () => ${value};`;
    for (const value of [1, 1, 2]) {
      await start(code(value));
      expect(await (await invoke({})).json()).toBe(value);
      await lambda?.close();
      expect(await readdir(join(directory, 'data/code/fn'))).toHaveLength(1);
    }
  });

  test('refuses what AWS refuses', async () => {
    await start(`export const handler = async () => 1;`);
    const other = await fetch(`${lambda?.url}/2015-03-31/functions/other/invocations`, { method: 'POST' });
    expect([other.status, other.headers.get('x-amzn-errortype')]).toEqual([404, 'ResourceNotFoundException']);
    const url = `${lambda?.url}/2015-03-31/functions/fn/invocations`;
    expect((await fetch(url, { method: 'POST', body: '{' })).status).toBe(400);
    expect((await fetch(url, { method: 'POST', body: JSON.stringify('x'.repeat(6_300_000)) })).status).toBe(
      413,
    );
    expect((await fetch(url, { method: 'POST', headers: { origin: 'https://evil.test' } })).status).toBe(403);
  });

  test('refuses a zip whose entries would leave its folder', async () => {
    await expect(start(``, {}, { '../../escaped.js': strToU8('1') })).rejects.toThrow(/outside its folder/);
    expect(existsSync(join(directory, 'data/code/escaped.js'))).toBe(false);
  });

  test('leaves no process behind when it is closed', async () => {
    await start(`export const handler = async () => process.pid;`);
    const pid = (await (await invoke({})).json()) as number;
    expect(isRunning(pid)).toBe(true);
    await lambda?.close();
    expect(isRunning(pid)).toBe(false);
  });
});

describe('the process', () => {
  let script: string;
  let main: ChildProcess | undefined;

  beforeAll(async () => {
    script = await getBuilt('local/lambda.js');
  });
  afterEach(() => main?.kill('SIGKILL'));

  test('resumes after kill -9 with every event that it accepted, and its children die with it', async () => {
    const code = `export const handler = async (event) => {
      note('start ' + event.n + ' ' + process.pid);
      if (event.n === 0 && process.env.STUCK) await sleep(60_000);
      note('done ' + event.n);
    };`;
    const first = await startMain(code, { STUCK: 'yes' });
    await Promise.all([0, 1, 2].map((n) => invoke({ n }, 'Event', first.url)));
    await eventually(journal).toContainEqual(expect.stringMatching(/^start 0/));
    const stuck = Number(
      journal()
        .find((line) => line.startsWith('start 0'))
        ?.split(' ')[2],
    );
    first.process.kill('SIGKILL');
    await once(first.process, 'exit');
    await eventually(() => isRunning(stuck)).toBe(false);

    const second = await startMain(code, {});
    await expect
      .poll(() =>
        journal()
          .filter((line) => line.startsWith('done'))
          .sort(),
      )
      .toEqual(['done 0', 'done 1', 'done 2']);
    await eventually(() => readdir(join(directory, 'data/events'))).toEqual([]);
    second.process.kill('SIGTERM');
    expect(await once(second.process, 'exit')).toEqual([0, null]);
  });

  test('ends when its parent disconnects', async () => {
    const { process } = await startMain(`export const handler = async () => 1;`, {});
    process.disconnect();
    expect(await once(process, 'exit')).toEqual([0, null]);
  });

  async function startMain(code: string, env: Record<string, string>) {
    const functions = { fn: await packFunction(code, { concurrency: 1 }) };
    Object.assign(functions.fn.env, env);
    main = spawn(process.execPath, [script], {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      env: {
        PATH: process.env.PATH,
        LOCAL_LAMBDA_PORT: '0',
        LOCAL_LAMBDA_DATA_DIR: join(directory, 'data'),
        LOCAL_LAMBDA_FUNCTIONS: JSON.stringify(functions),
      },
    });
    const [line] = (await once(createInterface({ input: main.stdout ?? process.stdin }), 'line')) as [string];
    return { process: main, url: line.replace('ready ', '') };
  }
});

async function start(
  code: string,
  change: Partial<LambdaFunction> = {},
  more: Record<string, Uint8Array> = {},
) {
  lambda = await startLambda({
    dataDir: join(directory, 'data'),
    port: 0,
    functions: { fn: await packFunction(code, change, more) },
    retryDelaysMs: [50, 100],
  });
}

async function packFunction(
  code: string,
  change: Partial<LambdaFunction> = {},
  more: Record<string, Uint8Array> = {},
): Promise<LambdaFunction> {
  const zipPath = join(directory, 'fn.zip');
  await writeFile(
    zipPath,
    zipSync({ 'index.mjs': strToU8(journalCode + code), ...more }, { mtime: '2020-01-01' }),
  );
  const env = { JOURNAL: join(directory, 'journal') };
  return { zipPath, handler: 'index.handler', env, timeoutMs: 5_000, concurrency: 2, ...change };
}

function invoke(event: unknown, type = 'RequestResponse', url = lambda?.url): Promise<Response> {
  return fetch(`${url}/2015-03-31/functions/fn/invocations`, {
    method: 'POST',
    headers: { 'x-amz-invocation-type': type },
    body: JSON.stringify(event),
  });
}

function journal(): string[] {
  const path = join(directory, 'journal');
  return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n') : [];
}

async function deadLetters(): Promise<unknown[]> {
  const folder = join(directory, 'data/dead-letters');
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json'));
  return Promise.all(
    names.map(async (name) => JSON.parse(await readFile(join(folder, name), 'utf8')) as unknown),
  );
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Waits for what happens in other processes, which a busy machine may delay. */
function eventually<T>(read: () => T) {
  return expect.poll(read, { interval: 20 });
}
