import { showLocally } from './parts/local-time.js';

for (const element of document.querySelectorAll('time')) showLocally(element);
