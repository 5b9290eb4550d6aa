import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { buildWhenStale } from './get-built.js';

/**
 * The one builder of a run: builds when a test file first asks (`getBuilt`), and tells all who ask what became of it.
 * A build empties dist/, so two at once, or one under a test's processes, must not be. It runs in Vitest's own
 * process, which outlives those of the tests: there is no lock that one of them could leave behind.
 */
export default async function serveBuilds(
  project: TestProject,
  build = buildWhenStale,
): Promise<() => Promise<void>> {
  let building: Promise<void> | undefined;
  const server = createServer((_, response) => {
    building ??= build();
    building.then(
      () => response.end(),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.env['TEST_BUILDER_URL'] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const forget = async (): Promise<void> => {
    await building?.catch(() => undefined);
    building = undefined;
  };
  // Who watches changes sources between runs.
  project.onTestsRerun(forget);
  return async () => {
    await forget();
    server.close();
    server.closeAllConnections();
  };
}
