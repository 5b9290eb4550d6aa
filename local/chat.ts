import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

// `npm run chat -- "/share bob@example.com" plan.pdf`: the terminal platform, joined to a running `npm start`.
const file = path.join(path.resolve(process.env['DATA_DIR'] ?? '.data'), 'running.json');
const state = await readFile(file, 'utf8').catch(() => null);
if (state) {
  const { productEnv } = JSON.parse(state) as { productEnv: Record<string, string> };
  const script = fileURLToPath(new URL('terminal.js', import.meta.url));
  const child = spawn(process.execPath, [script, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, ...productEnv, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
  });
  child.on('exit', (code) => {
    process.exitCode = code ?? 1;
  });
} else {
  console.error(`Nothing is running here: start it with npm start in another terminal first. (${file})`);
  process.exitCode = 1;
}
