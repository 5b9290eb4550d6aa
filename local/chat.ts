import { fileURLToPath } from 'node:url';
import { joinStack } from './start/join-stack.js';

// `npm run chat -- "/share bob@example.com" plan.pdf`: the terminal platform, joined to a running `npm start`.
await joinStack(fileURLToPath(new URL('terminal.js', import.meta.url)));
