import { types } from 'node:util';
import { TestEnvironment } from 'jest-environment-node';

// Node.js frees the memory of all test files before a worker is gone, which takes longer than the half second after
// which jest reports that the worker does not exit. To exit in the event of exiting leaves it to the operating system.
if (process.send) process.once('exit', () => process.exit());

/**
 * Jest gives each test file a realm of its own. An error that Node.js itself throws belongs to the outer realm, so
 * that `instanceof Error` would be false for it in a test, although it is true in production.
 */
export default class extends TestEnvironment {
  async setup() {
    await super.setup();
    const RealmError = this.global.Error;
    Object.defineProperty(RealmError, Symbol.hasInstance, {
      value(value) {
        // Subclasses inherit this method.
        if (this === RealmError && types.isNativeError(value)) return true;
        return Function.prototype[Symbol.hasInstance].call(this, value);
      },
    });
  }

  /** Runs what `afterThisFile` has registered. */
  async handleTestEvent({ name }) {
    if (name !== 'run_finish') return;
    for (const cleanup of (this.global.cleanupsOfFile ?? []).toReversed()) await cleanup();
  }
}
