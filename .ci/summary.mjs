// Reads vitest's JSON reports: fails where one is missing, anything failed or was skipped, or where the end-to-end suite
// did not run on both queue backends; then prints the totals.
import { existsSync, readFileSync } from 'node:fs';

const files = process.argv.slice(2);
const absent = files.filter((file) => !existsSync(file));
for (const file of absent) console.error(`The tests left no report in ${file}.`);
const results = files
  .filter((file) => !absent.includes(file))
  .flatMap((file) => JSON.parse(readFileSync(file, 'utf8')).testResults);
const tests = results.flatMap(({ name, assertionResults }) =>
  assertionResults.map((test) => ({ ...test, file: name })),
);
const count = (...states) => tests.filter(({ status }) => states.includes(status)).length;
const brokenFiles = results.filter(
  ({ status, assertionResults }) =>
    status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
);
for (const { name, message } of brokenFiles) console.error(`${name} did not run: ${message}`);

const missing = ['on Postgres', 'on Redis'].filter(
  (backend) =>
    !tests.some(
      (test) =>
        test.file.includes('/test/e2e/') && test.status === 'passed' && test.fullName.includes(backend),
    ),
);
for (const backend of missing) console.error(`The end-to-end suite did not run ${backend}.`);

const passed = count('passed');
const failed = count('failed') + brokenFiles.length + missing.length + absent.length;
const skipped = count('pending', 'skipped', 'todo');
for (const test of tests.filter(({ status }) => !['passed', 'failed'].includes(status))) {
  console.error(`skipped: ${test.fullName}`);
}
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed === 0 && skipped === 0 && passed > 0 ? 0 : 1);
