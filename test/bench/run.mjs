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

// As deep below the root as the sources are: some of them find it from where they lie.
const outfile = join(folder, '../output', `bench-${name}.js`);
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
const script = spawn(process.execPath, ['--enable-source-maps', outfile, ...args], {
  cwd: join(folder, '../..'),
  stdio: 'inherit',
  // The notice about Node 20 says nothing about a figure.
  env: { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
});
// Ctrl-C reaches the script too, which then stops what it started; it says how this ends.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => script.kill(signal));
script.on('exit', (code) => process.exit(code ?? 1));
