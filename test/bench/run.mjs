// `npm run bench -- <name>`: bundles one script of this folder and runs it. Without a name it lists them.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'esbuild';

const folder = import.meta.dirname;
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => basename(file, '.ts'));
const [name, ...args] = process.argv.slice(2);

if (!name || !names.includes(name)) {
  console.log(`npm run bench -- <name>, each by itself, on a machine that does nothing else:`);
  for (const each of names) console.log(`  ${each}`);
  process.exit(name ? 1 : 0);
}

const outfile = join(folder, '../output/bench', `${name}.js`);
await build({
  entryPoints: [join(folder, `${name}.ts`)],
  outfile,
  bundle: true,
  packages: 'external',
  platform: 'node',
  target: 'node20',
  format: 'esm',
  sourcemap: 'linked',
  logLevel: 'warning',
});
// The AWS SDK's notice about Node 20 says nothing about a figure.
const flags = ['--enable-source-maps', '--disable-warning=NodeVersionSupportWarning'];
const script = spawn(process.execPath, [...flags, outfile, ...args], {
  cwd: join(folder, '../..'),
  stdio: 'inherit',
});
// Ctrl-C reaches the script too, which then stops what it started; it says how this ends.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => script.kill(signal));
script.on('exit', (code) => process.exit(code ?? 1));
