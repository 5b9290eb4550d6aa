import { defineConfig } from 'vitest/config';

const slowTests = ['test/browser/**/*.test.ts', 'test/e2e/**/*.test.ts', 'test/chaos/**/*.test.ts'];

// Set by CI, which reads the totals and the names from it.
const { VITEST_JSON: report } = process.env;

export default defineConfig({
  test: {
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
    globalSetup: ['test/support/global-setup.ts', 'test/support/serve-builds.ts'],
    // Node 20 is the floor; the SDK's notice about later releases says nothing about a test.
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    pool: 'forks',
    // One more than the two cores that there are at least: many tests wait for processes, a browser or a timeout.
    maxWorkers: 3,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: slowTests,
          // Modules are loaded once for many files: none keeps a state of its own, and none is mocked.
          isolate: false,
          // Long, for a machine that does much else: it ends what hangs, and tells nothing of speed.
          testTimeout: 60_000,
          // The hook that first needs dist/ may have to wait for its build, on a machine that does much else.
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: slowTests,
          isolate: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
