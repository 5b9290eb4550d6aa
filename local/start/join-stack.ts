import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

/** How a command is run. */
interface RunOptions {
  env?: Record<string, string>;
  nodeFlags?: readonly string[];
}

/** Runs one of our commands with the environment of a running `npm start`, and ends with its exit code. */
export async function joinStack(script: string, options: RunOptions = {}): Promise<void> {
  const file = path.join(path.resolve(process.env['DATA_DIR'] ?? '.data'), 'running.json');
  const state = await readFile(file, 'utf8').catch(() => null);
  if (!state) {
    console.error(`Nothing is running here: start it with npm start in another terminal first. (${file})`);
    process.exitCode = 1;
    return;
  }
  const { productEnv } = JSON.parse(state) as { productEnv: Record<string, string> };
  runWith(script, { ...options, env: { ...productEnv, ...options.env } });
}

/** Runs one of our commands, with its variables beside our own. */
export function runWith(script: string, { env, nodeFlags = [] }: RunOptions = {}): void {
  const child = spawn(process.execPath, [...nodeFlags, script, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, ...env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
  });
  child.on('exit', (code) => {
    process.exitCode = code ?? 1;
  });
}
