import { fileURLToPath } from 'node:url';
import { joinStack, runWith } from './start/join-stack.js';

/** A scrub reads everything there is beside what else the machine does: it takes little memory for its own code (ADR 010). */
const SMALL = {
  nodeFlags: [
    ...['--max-semi-space-size=1', '--optimize-for-size', '--v8-pool-size=0', '--expose-gc'],
    ...['--max-lazy', '--no-sparkplug', '--no-opt', '--no-use-ic'],
  ],
  env: { MALLOC_ARENA_MAX: '1' },
};

// `npm run storage -- status`: on the storage of the environment where there is one, else on that of a running `npm start`.
const script = fileURLToPath(new URL('cli/storage.js', import.meta.url));
const options = process.argv[2] === 'scrub' ? SMALL : {};
if (process.env['DATABASE_URL']) runWith(script, options);
else await joinStack(script, options);
