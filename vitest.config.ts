import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'simulator/**/*.test.ts'],
    // Temporal's native core is one per process: forks, and one more than CI has cores, as tests wait half of the time.
    pool: 'forks',
    maxWorkers: 3,
    // Nobody knows how fast the machine is: what takes so long hangs.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    globalSetup: ['test/setup/temporal.ts', 'test/setup/compile.ts', 'test/setup/workflow-bundle.ts'],
    coverage: {
      provider: 'custom',
      customProviderModule: './test/setup/coverage-provider.ts',
      include: ['src/**/*.ts'],
      reporter: [['text', { maxCols: 150 }], 'html', 'lcovonly'],
      reportOnFailure: true,
    },
    reporters: process.env.VITEST_JSON_FILE ? ['default', 'json'] : ['default'],
    ...(process.env.VITEST_JSON_FILE && { outputFile: { json: process.env.VITEST_JSON_FILE } }),
  },
});
