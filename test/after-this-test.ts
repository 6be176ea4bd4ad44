import { afterAll, afterEach } from '@jest/globals';

/** Registers what is done when a test, or all tests of a file, have finished: after what is registered later. */
export type RegisterCleanup = (cleanup: () => unknown) => void;

const cleanupsOfTest: (() => unknown)[] = [];
const cleanupsOfFile: (() => unknown)[] = [];

/** Runs `cleanup` when the current test has finished. */
export const afterThisTest: RegisterCleanup = (cleanup) => {
  cleanupsOfTest.push(cleanup);
};

/** Runs `cleanup` when every test of the file has finished: for what `beforeAll` starts. */
export const afterThisFile: RegisterCleanup = (cleanup) => {
  cleanupsOfFile.push(cleanup);
};

afterEach(async () => {
  for (const cleanup of cleanupsOfTest.splice(0).toReversed()) await cleanup();
});

afterAll(async () => {
  for (const cleanup of cleanupsOfFile.splice(0).toReversed()) await cleanup();
});
