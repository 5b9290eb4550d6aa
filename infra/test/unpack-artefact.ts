import { execFile } from 'node:child_process';
import { mkdtemp, mkdir, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const ROOT = path.resolve(import.meta.dirname, '../..');
const run = promisify(execFile);

/** How systemd would run something. */
export interface Unit {
  command: string;
  args: string[];
  env: Record<string, string>;
}

export interface Artefact {
  /** What is `/opt/passalong` on a machine. */
  folder: string;
  /** What the build said: version and sizes. */
  said: string;
  /** By the unit's name: `web`, `migrate`. */
  units: Record<string, Unit>;
}

/** Builds the artefact of this machine's architecture, and unpacks it where no other `node_modules` is above it. */
export async function unpackArtefact(): Promise<Artefact> {
  const { stdout } = await run(process.execPath, [path.join(ROOT, 'infra/artefact/build-artefact.mjs')]);
  const folder = path.join(await mkdtemp(path.join(tmpdir(), 'passalong-artefact-test-')), 'passalong');
  await mkdir(folder);
  await run('tar', ['-xzf', path.join(ROOT, `infra/out/passalong-${process.arch}.tar.gz`), '-C', folder]);
  return { folder, said: stdout, units: await readUnits(folder) };
}

async function readUnits(folder: string): Promise<Record<string, Unit>> {
  const names = await readdir(path.join(folder, 'systemd'));
  const units = names.map(async (name): Promise<[string, Unit]> => {
    const text = (await readFile(path.join(folder, 'systemd', name), 'utf8')).replaceAll(
      '/opt/passalong',
      folder,
    );
    const [command = '', ...args] = (/^ExecStart=(.+)$/m.exec(text)?.[1] ?? '').split(' ');
    const assignments = (/^Environment=(.+)$/m.exec(text)?.[1] ?? '').split(' ').filter(Boolean);
    const env = Object.fromEntries(assignments.map((each) => each.split('=') as [string, string]));
    return [name.replace(/^passalong-|\.service$/g, ''), { command, args, env }];
  });
  return Object.fromEntries(await Promise.all(units));
}
