import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The files that take longest come first, so that none is left to run alone at the end. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification): boolean => /\/test\/(browser|e2e)\//.test(moduleId);
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

// Set by CI, which reads the totals and the names from it.
const { VITEST_JSON: report } = process.env;

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
    globalSetup: ['test/support/global-setup.ts', 'test/support/serve-builds.ts'],
    // Node 20 is the floor; the SDK's notice about later releases says nothing about a test.
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    pool: 'forks',
    // Twice the two cores that there are at least: many tests wait for processes, a browser or a timeout.
    maxWorkers: 4,
    // Modules are loaded once for many files: none keeps a state of its own, and none is mocked.
    isolate: false,
    // Most code of a test runs once: only what runs very often is compiled to be quick.
    execArgv: ['--interrupt-budget=2000000', '--liftoff-only', '--max-semi-space-size=32'],
    sequence: { sequencer: LongestFirst },
    // Long, for a machine that does much else: they end what hangs, and tell nothing of speed.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 30_000 } },
  },
});
