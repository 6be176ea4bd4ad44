import { afterEach } from '@jest/globals';

/** Registers what is done when a test, or all tests of a file, have finished: after what is registered later. */
export type RegisterCleanup = (cleanup: () => unknown) => void;

declare global {
  // Only what is declared by `var` is a member of `globalThis`.
  var cleanupsOfFile: (() => unknown)[] | undefined;
}

const cleanupsOfTest: (() => unknown)[] = [];

/** Runs `cleanup` when the current test has finished. */
export const afterThisTest: RegisterCleanup = (cleanup) => {
  cleanupsOfTest.push(cleanup);
};

/**
 * Runs `cleanup` when every test of the file has finished: for what `beforeAll` or the module itself starts. It is
 * environment.mjs that does so, because jest skips `afterAll` where `-t` chooses no test of a file.
 */
export const afterThisFile: RegisterCleanup = (cleanup) => {
  globalThis.cleanupsOfFile ??= [];
  globalThis.cleanupsOfFile.push(cleanup);
};

afterEach(async () => {
  for (const cleanup of cleanupsOfTest.splice(0).toReversed()) await cleanup();
});
