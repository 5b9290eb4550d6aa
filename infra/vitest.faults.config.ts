import { defineConfig } from 'vitest/config';

/** Not among the tests: it shows that they would fail, and takes minutes. */
export default defineConfig({
  test: {
    include: ['test/seeded-faults/*.test.ts'],
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 120_000,
  },
});
