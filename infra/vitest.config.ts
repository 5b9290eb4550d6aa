import { defineConfig } from 'vitest/config';

// Set by CI, which reads the totals and the names from it.
const { VITEST_JSON: report } = process.env;

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/seeded-faults/**'],
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
    // The CDK takes seconds to load and to synthesize: once, for all files.
    pool: 'forks',
    maxWorkers: 2,
    isolate: false,
    // A synthesis takes 3 s, and many times that on a machine that does much else.
    testTimeout: 300_000,
  },
});
