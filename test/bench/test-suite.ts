import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { printFact, printFigure, printHeading } from './parts/report.js';

const SERVICES = ['redis-server', 'clamd', 'nginx', 'ceph-mon', 'aiosmtpd'];

printHeading('test-suite: `npm test` as a whole', [
  `as on a machine without services: ${SERVICES.join(', ')} are hidden, and what needs them is skipped by name`,
]);
const nothing = await mkdtemp(join(tmpdir(), 'passalong-no-services-'));
try {
  for (const name of SERVICES) {
    await writeFile(join(nothing, name), '#!/bin/sh\nexit 127\n');
    await chmod(join(nothing, name), 0o755);
  }
  // Where CI is set nothing may be skipped.
  const env = { ...process.env, CI: '', PATH: [nothing, process.env.PATH].join(delimiter) };
  const startedAt = performance.now();
  const suite = spawn('npm', ['test'], { env, stdio: 'inherit' });
  const [code] = (await once(suite, 'exit')) as [number | null];
  printFigure('npm test', (performance.now() - startedAt) / 1000 / 60, 'min', { atMost: 5 });
  printFact('all tests passed', code === 0);
} finally {
  await rm(nothing, { recursive: true });
}
