import { defineConfig } from 'vitest/config';

// Set by CI, which reads the totals and the names from it.
const { VITEST_JSON_INFRA: report } = process.env;

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/seeded-faults/**'],
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
    // The CDK takes seconds to load and to synthesize: once, for all files.
    pool: 'forks',
    maxWorkers: 1,
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
