// `npm run deploy` and `npm run destroy` of the product: what they need is installed apart, and large.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const [name, ...args] = process.argv.slice(2);
const tsx = join(import.meta.dirname, 'node_modules/.bin/tsx');
if (!existsSync(tsx)) {
  console.log('The CDK is not installed yet: npm ci --prefix infra');
  const { status } = spawnSync('npm', ['ci', '--prefix', import.meta.dirname], { stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}
const { status } = spawnSync(tsx, [join(import.meta.dirname, name, 'main.ts'), ...args], {
  stdio: 'inherit',
});
process.exit(status ?? 1);
