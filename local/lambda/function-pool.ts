import { startEnvironment, type ExecutionEnvironment } from './execution-environment.js';
import { failed, type Invocation, type LambdaFunction, type Outcome } from './invocation.js';

export interface FunctionPool {
  /** Runs the invocation on a warm environment, else on a new one, else when one is free, in the order of the calls. */
  invoke(invocation: Invocation): Promise<Outcome>;
  /** True while every allowed environment is at work. */
  isFull(): boolean;
  find(environmentId: string): ExecutionEnvironment | undefined;
  /** Starts nothing more; kills what still runs after `graceMs`. All that did not run or was killed ends as an error. */
  close(graceMs: number): Promise<void>;
}

/** The execution environments of one function. They stay warm until they die or the pool is closed. */
export function createFunctionPool(
  name: string,
  lambda: LambdaFunction,
  directory: string,
  runtimeApi: string,
): FunctionPool {
  const environments = new Map<string, ExecutionEnvironment>();
  const idle: ExecutionEnvironment[] = [];
  const waiting: (() => void)[] = [];
  const running = new Set<Promise<Outcome>>();
  let working = 0;
  let isClosed = false;

  function takeEnvironment(): ExecutionEnvironment {
    for (let warm; (warm = idle.pop());) if (warm.isAlive()) return warm;
    const started = startEnvironment(name, lambda, directory, runtimeApi);
    environments.set(started.id, started);
    void started.ended.then(() => environments.delete(started.id));
    return started;
  }

  async function runNow(invocation: Invocation): Promise<Outcome> {
    const environment = takeEnvironment();
    const run = environment.run(invocation);
    running.add(run);
    const outcome = await run;
    running.delete(run);
    if (environment.isAlive()) idle.push(environment);
    return outcome;
  }

  return {
    async invoke(invocation) {
      // Who finishes hands its place to the first that waits, so `working` does not change then.
      if (working < lambda.concurrency) working += 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      const outcome = isClosed
        ? failed('Runtime.Closed', 'The runtime is closing')
        : await runNow(invocation);
      const next = waiting.shift();
      if (next) next();
      else working -= 1;
      return outcome;
    },
    isFull: () => working >= lambda.concurrency,
    find: (environmentId) => environments.get(environmentId),
    async close(graceMs) {
      isClosed = true;
      const killAll = () => Promise.all([...environments.values()].map((environment) => environment.kill()));
      const killing = setTimeout(() => void killAll(), graceMs);
      await Promise.all(running);
      clearTimeout(killing);
      await killAll();
    },
  };
}
