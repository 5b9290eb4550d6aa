import { fork, type ChildProcess } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ServiceOptions {
  name: string;
  /** A bundle under dist/. */
  script: string;
  env: Record<string, string>;
  /** Flags for Node, before the script. */
  nodeFlags?: readonly string[];
}

export interface Service {
  name: string;
  pid: number;
  /** What the process said after `ready`: a URL, as a rule. */
  detail: string;
  stop(): Promise<void>;
}

export interface Supervisor {
  /** Starts a process and resolves when it says `ready`. @throws Error with the process's last words */
  start(options: ServiceOptions): Promise<Service>;
  /** Runs a process to its end. @throws Error with its last words where it fails */
  run(options: ServiceOptions): Promise<string>;
  /** Asks what is not ready yet to end, and starts nothing more: whoever waits for such a process is refused. */
  abandon(): void;
  /** Ends every process at once, for somebody who does not want to wait. */
  killAll(): void;
}

const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 20_000;
const MAX_RESTARTS = 20;

/**
 * Ends a process whose supervisor is killed before it has learned to stop by itself: it would live on, and hold
 * its port against the next start.
 */
const LEAVE_WITH_US = `--import=data:text/javascript,${encodeURIComponent(
  `const leave = () => process.listenerCount('disconnect') || process.exit(1);
  process.connected ? process.once('disconnect', leave) : leave();`,
)}`;

/**
 * Starts the processes of the local stack, writes what each says to a log file of its own, shows warnings and
 * errors here, and starts one that died again, of which `onRestart` hears. Children are groups of their own, so that Ctrl-C reaches this
 * process alone, and end by themselves when it is gone.
 */
export function createSupervisor(
  logDir: string,
  say: (line: string) => void,
  onRestart: () => void = () => undefined,
): Supervisor {
  mkdirSync(logDir, { recursive: true });
  const children = new Set<ChildProcess>();
  const unready = new Set<ChildProcess>();
  let isAbandoned = false;

  const launch = ({ name, script, env, nodeFlags = [] }: ServiceOptions): Launched => {
    if (isAbandoned) throw new Error(`${name} is not started any more.`);
    const options = {
      detached: true,
      silent: true,
      env: { ...inherited(), ...env },
      execArgv: [...nodeFlags],
    };
    const child = fork(script, options);
    children.add(child);
    child.once('exit', () => children.delete(child));
    const launched = watch(name, child, path.join(logDir, `${name}.log`), say);
    unready.add(child);
    void launched.ready.catch(() => undefined).then(() => unready.delete(child));
    return launched;
  };

  const start = async (given: ServiceOptions): Promise<Service> => {
    const options = { ...given, nodeFlags: [LEAVE_WITH_US, ...(given.nodeFlags ?? [])] };
    let launched = launch(options);
    const detail = await launched.ready.catch(async (error: unknown) => {
      await end(launched);
      throw error;
    });
    const service: Service = { name: options.name, pid: launched.child.pid ?? 0, detail, stop };
    let isStopping = false;
    let restarts = 0;
    const isKept = (): boolean => !isStopping && !isAbandoned;
    const keep = async (): Promise<void> => {
      await launched.exited;
      while (isKept() && restarts < MAX_RESTARTS) {
        restarts += 1;
        say(`${options.name} ended by itself; starting it again`);
        await sleep(Math.min(5_000, 250 * restarts));
        if (!isKept()) return;
        launched = launch(options);
        service.pid = launched.child.pid ?? 0;
        onRestart();
        await launched.ready.catch(() => undefined);
        await launched.exited;
      }
      if (isKept()) say(`${options.name} ended ${MAX_RESTARTS} times and stays down; see its log`);
    };
    const kept = keep();
    async function stop(): Promise<void> {
      isStopping = true;
      await end(launched);
      await kept;
    }
    return service;
  };

  const run = async (options: ServiceOptions): Promise<string> => {
    const launched = launch(options);
    const code = await launched.exited;
    await launched.silent;
    if (code !== 0) throw new Error(`${options.name} failed:\n${launched.lastWords()}`);
    return launched.lastWords();
  };
  const abandon = (): void => {
    isAbandoned = true;
    for (const child of unready) child.kill('SIGTERM');
  };
  const killAll = (): void => {
    for (const child of children) child.kill('SIGKILL');
  };
  return { start, run, abandon, killAll };
}

interface Launched {
  child: ChildProcess;
  ready: Promise<string>;
  exited: Promise<number | null>;
  /** What it said last may be heard after its end. */
  silent: Promise<unknown>;
  lastWords(): string;
}

function watch(name: string, child: ChildProcess, logFile: string, say: (line: string) => void): Launched {
  const log = createWriteStream(logFile, { flags: 'a' });
  const recent: string[] = [];
  let isReady: (detail: string) => void = () => undefined;
  const exited = new Promise<number | null>((resolve) => {
    child.once('exit', resolve);
  });
  const closed = new Promise<void>((resolve) => {
    child.once('close', () => {
      log.end();
      resolve();
    });
  });
  // A child of its own may live on, and hold the line.
  const silent = exited.then(() => Promise.race([closed, sleep(1_000)]));
  const hear = (line: string): void => {
    if (!log.writableEnded) log.write(`${line}\n`);
    recent.push(line);
    if (recent.length > 12) recent.shift();
    if (line.startsWith('ready')) isReady(line.slice('ready '.length));
    const complaint = readComplaint(line);
    if (complaint) say(`${name}: ${complaint}`);
  };
  const lastWords = (): string => recent.join('\n');
  const ready = new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`${name} did not become ready within a minute:\n${lastWords()}`));
    }, READY_TIMEOUT_MS);
    isReady = (detail) => {
      clearTimeout(timer);
      resolve(detail);
    };
    void silent.then(() => {
      clearTimeout(timer);
      reject(new Error(`${name} did not start:\n${lastWords()}`));
    });
  });
  ready.catch(() => undefined);
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface({ input: stream }).on('line', hear);
  }
  return { child, ready, exited, silent, lastWords };
}

async function end({ child, exited }: Launched): Promise<void> {
  child.kill('SIGTERM');
  const impatience = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await exited;
  clearTimeout(impatience);
}

/** A warning or an error among the JSON lines that our processes log, as one line for the terminal. */
function readComplaint(line: string): string | null {
  if (!line.startsWith('{')) return null;
  try {
    const { level, msg, err } = JSON.parse(line) as {
      level?: number;
      msg?: string;
      err?: { message?: string };
    };
    return level !== undefined && level >= 40 ? [msg, err?.message].filter(Boolean).join(': ') : null;
  } catch {
    return null;
  }
}

/** What children need of our environment; variables that configure the stack are given to them by name. */
function inherited(): Record<string, string> {
  const { PATH = '', HOME = '', TZ, LANG } = process.env;
  // Node 20 is our floor; the AWS SDK's notice that newer releases will want 22 says nothing to a person here.
  const quiet = { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };
  return { ...quiet, PATH, HOME, ...(TZ ? { TZ } : {}), ...(LANG ? { LANG } : {}) };
}
