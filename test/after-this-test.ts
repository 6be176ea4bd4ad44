import { afterEach } from '@jest/globals';

const cleanups: (() => unknown)[] = [];

/** Runs `cleanup` when the current test has ended, after those that were registered later. */
export function afterThisTest(cleanup: () => unknown): void {
  cleanups.push(cleanup);
}

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});
