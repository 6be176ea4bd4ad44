import type { Clock } from './clock.ts';

/** Seconds between a failed load and the next attempt while there is an old value to return. */
const reloadAfter = 30;

/**
 * Keeps the result of `load` for `freshFor` seconds. If a later load fails, the old value is returned and the next
 * attempt is made after `reloadAfter`: a store that is down for an hour neither stops a warm function nor slows
 * down each of its requests. Concurrent callers share one load.
 * @param onStale receives the reason why the old value is returned
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
      held = { value: held.value, loadedAt: clock() - freshFor + reloadAfter };
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
