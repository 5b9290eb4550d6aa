import { defineConfig } from 'vitest/config';

// Set by CI, which reads the totals and the names from it.
const { VITEST_JSON: report } = process.env;

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/seeded-faults/**'],
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
    // Node 20 is the floor; the SDK's notice about later releases says nothing about a test.
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    // The CDK takes seconds to load and to synthesize: once, for all files.
    pool: 'forks',
    maxWorkers: 2,
    isolate: false,
    // A synthesis takes 3 s, the artefact 20, and many times that on a machine that does much else.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
