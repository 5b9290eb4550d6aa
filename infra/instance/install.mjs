// Installs the release that lies in /opt/passalong-<version> and starts its processes: `node install.mjs plan.json`,
// with the artefact's own Node. Migrates the database first; goes back to the release before where anything fails.
// Safe to run again: with nothing new it restarts nothing. ROOT names another root folder, for tests.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { environmentFile } from './environment-file.mjs';

/** @type {{ version: string, region: string, roles: string[], environment: Record<string, string>, secrets: string[], logGroup: string, group: string | null }} */
const plan = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const root = process.env.ROOT ?? '';
const current = `${root}/opt/passalong`;
const scripts = `${root}/opt/passalong-scripts`;
const settings = `${root}/etc/passalong`;
const units = `${root}/etc/systemd/system`;
const READY_WITHIN_MS = 60_000;

const before = { release: linkedRelease(), environment: readIfThere(`${settings}/passalong.env`) };
const wanted = {
  release: `passalong-${plan.version}`,
  environment: environmentFile(plan.environment, readSecrets()),
};
const isNew = before.release !== wanted.release || before.environment !== wanted.environment;

prepareMachine();
try {
  await run(wanted, isNew);
  removeReleasesBut(wanted.release, before.release);
  console.log(isNew ? `${wanted.release} runs: ${plan.roles.join(', ')}` : `${wanted.release} runs already`);
} catch (error) {
  console.error(`${wanted.release} does not run: ${error.message}`);
  if (isNew && before.release) await goBack();
  process.exitCode = 1;
}

async function goBack() {
  try {
    await run(before, true);
    console.error(`back to ${before.release}, which runs`);
  } catch (error) {
    console.error(`${before.release} does not run either: ${error.message}`);
  }
}

/** Links a release, migrates, and starts what this machine is for. @throws Error where one of them does not become ready */
async function run({ release, environment }, restarts) {
  writeFor(`${settings}/passalong.env`, environment, 0o600);
  link(release);
  copyUnits();
  systemctl('daemon-reload');
  // Under a lock in the database: of many machines one migrates, and the others wait for it.
  systemctl('start', 'passalong-migrate.service');
  const own = [...plan.roles.map((role) => `passalong-${role}.service`), 'passalong-logs.timer'];
  if (plan.group) own.push('passalong-drain.service');
  systemctl('enable', ...own);
  systemctl(restarts ? 'restart' : 'start', ...own);
  await becomeReady();
}

/** A portal says so itself; the others run for some seconds without ending. */
async function becomeReady() {
  const until = Date.now() + READY_WITHIN_MS;
  while (plan.roles.includes('web') && !(await answers(`http://127.0.0.1:${plan.environment.PORT}/readyz`))) {
    if (Date.now() > until) throw new Error('the portal is not ready after a minute');
    await wait(500);
  }
  await wait(Number(process.env.SETTLE_MS ?? 5_000));
  for (const role of plan.roles) systemctl('is-active', '--quiet', `passalong-${role}.service`);
}

async function answers(url) {
  return fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
    ({ ok }) => ok,
    () => false,
  );
}

function prepareMachine() {
  for (const folder of [settings, units, scripts]) mkdirSync(folder, { recursive: true, mode: 0o755 });
  cpSync(import.meta.dirname, scripts, { recursive: true });
  const { region, roles, logGroup, group } = plan;
  writeFor(`${settings}/instance.json`, JSON.stringify({ region, roles, logGroup, group }), 0o644);
  try {
    command('id', '-u', 'passalong');
  } catch {
    command('useradd', '--system', '--no-create-home', '--shell', '/sbin/nologin', 'passalong');
  }
}

/** The fields of all secrets of this machine. Its role may read these and no others. */
function readSecrets() {
  const fields = plan.secrets.map((id) => {
    const args = ['--secret-id', id, '--query', 'SecretString', '--output', 'text'];
    return JSON.parse(command('aws', 'secretsmanager', 'get-secret-value', '--region', plan.region, ...args));
  });
  return Object.assign({}, ...fields);
}

function copyUnits() {
  for (const folder of [join(current, 'systemd'), join(scripts, 'systemd')]) {
    for (const name of readdirSync(folder)) cpSync(join(folder, name), join(units, name));
  }
}

function linkedRelease() {
  return existsSync(current) ? basename(readlinkSync(current)) : null;
}

/** In one step: whoever starts meanwhile finds the one release or the other. */
function link(release) {
  const next = `${current}.next`;
  rmSync(next, { force: true });
  symlinkSync(release, next);
  renameSync(next, current);
}

/** The release before stays, so that going back needs no download. */
function removeReleasesBut(...kept) {
  const names = readdirSync(`${root}/opt`).filter((name) => /^passalong-[0-9a-f]{16}$/.test(name));
  for (const name of names) if (!kept.includes(name)) rmSync(`${root}/opt/${name}`, { recursive: true });
}

function writeFor(path, text, mode) {
  rmSync(`${path}.next`, { force: true });
  writeFileSync(`${path}.next`, text, { mode });
  renameSync(`${path}.next`, path);
}

function readIfThere(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}

function systemctl(...args) {
  command('systemctl', ...args);
}

/** @throws Error that says what failed, and never what a secret is */
function command(name, ...args) {
  try {
    return execFileSync(name, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    throw new Error(`${name} ${args.join(' ')}: ${String(error.stderr ?? error.message).trim()}`, {
      cause: error,
    });
  }
}
