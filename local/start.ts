import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeStack } from './start/describe-stack.js';
import { readSettings } from './start/read-settings.js';
import { runStack } from './start/run-stack.js';
import { startStack } from './start/start-stack.js';

const scripts = path.dirname(fileURLToPath(import.meta.url));

// `npm start`: one process tree in one terminal, everything a share needs, until Ctrl-C.
await runStack(() => {
  const settings = readSettings(process.env);
  return {
    settings,
    ports: [{ port: settings.PORT, variable: 'PORT' }],
    start: (supervisor, secrets) => startStack(supervisor, settings, secrets, scripts),
    describe: (stack, start) => describeStack(stack, settings, start),
  };
});
