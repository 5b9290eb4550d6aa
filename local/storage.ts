import { fileURLToPath } from 'node:url';
import { joinStack, runWith } from './start/join-stack.js';

// `npm run storage -- status`: on the storage of the environment where there is one, else on that of a running `npm start`.
const script = fileURLToPath(new URL('cli/storage.js', import.meta.url));
if (process.env['DATABASE_URL']) runWith(script);
else await joinStack(script);
