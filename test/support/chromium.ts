import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** The package unpacks into the system's temporary folder: for everybody on the machine, at one name. */
const UNPACK = `import chromium from '@sparticuz/chromium'; await chromium.executablePath();`;

/** The Chromium from npm, for this checkout alone; npm removes it together with its package. */
export function locateChromium(): Promise<string> {
  return unpackChromium(path.join(ROOT, 'node_modules/@sparticuz/chromium/unpacked'));
}

/** Unpacks it once into a folder, whole or not at all, however many ask at the same time; `unpack` writes into TMPDIR. */
export async function unpackChromium(folder: string, unpack = UNPACK): Promise<string> {
  const executable = path.join(folder, 'chromium');
  if (existsSync(executable)) return executable;
  const unfinished = await mkdtemp(`${folder}-`);
  try {
    // A process of its own: in this one TMPDIR is for everything else.
    const env = { ...process.env, TMPDIR: unfinished };
    await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', unpack], {
      cwd: ROOT,
      env,
    });
    for (const each of ['', 'chromium']) await chmod(path.join(unfinished, each), 0o755);
    await rename(unfinished, folder).catch((error: unknown) => {
      // Somebody was faster, and theirs is in use by now.
      if (!existsSync(executable)) throw error;
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return executable;
}
