import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { findFreePorts } from '../../local/start/ports.js';
import { getBuilt } from '../support/get-built.js';
import { makeDataDir } from '../support/start-stack.js';
import { median, printFigure, printHeading } from './parts/report.js';

const ROUNDS = 3;

printHeading('start-up: from `npm start` to "Passalong is ready"', [
  `after npm ci, which builds; a new data folder before each first start; median of ${ROUNDS}; files in the page cache`,
]);
await getBuilt('start.js');
const first: number[] = [];
const second: number[] = [];
for (let round = 0; round < ROUNDS; round += 1) {
  const dataDir = await makeDataDir();
  try {
    first.push(await timeStart(dataDir));
    second.push(await timeStart(dataDir));
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}
printFigure('first start', median(first), 's', { atMost: 8 });
printFigure('second start', median(second), 's', { atMost: 4 });
console.log(`  all: first ${list(first)}; second ${list(second)}`);

/** Starts, and stops again as soon as all is ready. @returns seconds @throws Error with what was said where it fails */
async function timeStart(dataDir: string): Promise<number> {
  const [portal, inbox, s3] = await findFreePorts(3);
  const env = { DATA_DIR: dataDir, PORT: String(portal), INBOX_PORT: String(inbox), S3_PORT: String(s3) };
  const startedAt = performance.now();
  // A group of its own, so that one signal reaches npm, its shell and what runs in it, as Ctrl-C does.
  const npm = spawn('npm', ['start'], { env: { ...process.env, ...env }, detached: true, stdio: 'pipe' });
  const exited = once(npm, 'exit');
  let said = '';
  let seconds = 0;
  for (const stream of [npm.stdout, npm.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (seconds > 0 || !said.includes('Ctrl-C stops everything')) return;
      seconds = (performance.now() - startedAt) / 1000;
      if (npm.pid !== undefined) process.kill(-npm.pid, 'SIGINT');
    });
  }
  await exited;
  if (seconds === 0) throw new Error(`the stack did not start:\n${said}`);
  return seconds;
}

function list(values: readonly number[]): string {
  return values.map((value) => value.toFixed(1)).join(', ');
}
