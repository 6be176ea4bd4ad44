/** @type {import('jest').Config} */
export default {
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  // A worktree or a synthesized app below this folder has the same package name.
  modulePathIgnorePatterns: ['<rootDir>/.local', '<rootDir>/cdk.out'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2023',
          parser: { syntax: 'typescript' },
          experimental: { keepImportAttributes: true },
        },
      },
    ],
  },
  testEnvironment: '<rootDir>/test/environment.mjs',
  testEnvironmentOptions: { globalsCleanup: 'on' },
  globalSetup: '<rootDir>/test/global-setup.mjs',
  globalTeardown: '<rootDir>/test/global-teardown.mjs',
  reporters: ['default', '<rootDir>/test/closing-line.mjs'],
  injectGlobals: false,
  maxWorkers: 2,
  testTimeout: 120_000,
  collectCoverageFrom: ['src/**/*.ts', 'lambda/**/*.ts'],
  coverageProvider: 'v8',
  coverageReporters: ['text', 'html'],
};
