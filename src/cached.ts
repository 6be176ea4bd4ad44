import type { Clock } from './clock.ts';

/** Seconds after a load that failed before the next is tried, while there is an old value to serve. */
const retryAfter = 30;

/**
 * Keeps what `load` gives for `freshFor` seconds. When it cannot be loaded again, what is there serves on, and
 * a new try is made every half minute: a store that is down for an hour stops no warm function, nor slows every
 * request of it. Callers at the same time share one load.
 * @param onStale is told why the old value is served
 */
export function cached<Value>(
  load: () => Promise<Value>,
  { freshFor, clock, onStale }: { freshFor: number; clock: Clock; onStale: (cause: unknown) => void },
): () => Promise<Value> {
  let held: { readonly value: Value; readonly loadedAt: number } | undefined;
  let loading: Promise<Value> | undefined;

  async function reload(): Promise<Value> {
    try {
      const value = await load();
      held = { value, loadedAt: clock() };
      return value;
    } catch (error) {
      if (!held) throw error;
      onStale(error);
      held = { value: held.value, loadedAt: clock() - freshFor + retryAfter };
      return held.value;
    } finally {
      loading = undefined;
    }
  }

  return async () => {
    if (held && clock() - held.loadedAt < freshFor) return held.value;
    loading ??= reload();
    return loading;
  };
}
