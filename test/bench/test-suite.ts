import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { printFact, printFigure, printHeading } from './parts/report.js';

printHeading('test-suite: `npm test` as a whole', [
  'services that happen to be installed are used, as the tests do',
]);
const startedAt = performance.now();
const suite = spawn('npm', ['test'], { stdio: 'inherit' });
const [code] = (await once(suite, 'exit')) as [number | null];
printFigure('npm test', (performance.now() - startedAt) / 1000 / 60, 'min', { atMost: 5 });
printFact('all tests passed', code === 0);
