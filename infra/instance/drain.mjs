// Waits until the group wants this machine to end, lets its processes finish what they do, sends their last lines and
// says that it may end: `node drain.mjs`. Without it the group waits for the hook's time limit, and ends it then.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const root = process.env.ROOT ?? '';
const metadata = process.env.METADATA_URL ?? 'http://169.254.169.254';
const LOOK_EVERY_MS = Number(process.env.LOOK_EVERY_MS ?? 5_000);
const { region, roles, group } = JSON.parse(readFileSync(`${root}/etc/passalong/instance.json`, 'utf8'));

while ((await read('autoscaling/target-lifecycle-state')) !== 'Terminated') await wait(LOOK_EVERY_MS);

const units = roles.map((role) => `passalong-${role}.service`);
execFileSync('systemctl', ['stop', ...units], { stdio: 'inherit' });
attempt(process.execPath, join(import.meta.dirname, 'ship-logs.mjs'));
attempt(
  ...['aws', 'autoscaling', 'complete-lifecycle-action', '--region', region],
  ...['--auto-scaling-group-name', group, '--lifecycle-hook-name', 'drain'],
  ...['--instance-id', await read('instance-id'), '--lifecycle-action-result', 'CONTINUE'],
);

/** What the machine is told about itself; null while it cannot be asked. */
async function read(path) {
  try {
    const signal = AbortSignal.timeout(2_000);
    const headers = { 'X-aws-ec2-metadata-token-ttl-seconds': '60' };
    const asked = await fetch(`${metadata}/latest/api/token`, { method: 'PUT', headers, signal });
    const token = { 'X-aws-ec2-metadata-token': await asked.text() };
    const answer = await fetch(`${metadata}/latest/meta-data/${path}`, { headers: token, signal });
    return answer.ok ? await answer.text() : null;
  } catch {
    return null;
  }
}

/** The machine ends either way; what could not be done is for its console. */
function attempt(name, ...args) {
  try {
    execFileSync(name, args, { stdio: 'inherit' });
  } catch (error) {
    console.error(`${name}: ${error.message}`);
  }
}
