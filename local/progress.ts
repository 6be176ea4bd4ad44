import type { WriteStream } from 'node:tty';

type ProgressOutput = Pick<WriteStream, 'write'> & Partial<Pick<WriteStream, 'isTTY' | 'columns'>>;

/** Shows what is being done: on a terminal the running steps are redrawn below those that are done. */
export interface Progress {
  /** Shows a step while `work` runs, and how long it took. `work` may say what it is doing. */
  step<Result>(title: string, work: (at: (detail: string) => void) => Promise<Result>): Promise<Result>;
  line(text: string): void;
}

export function progressOn(output: ProgressOutput): Progress {
  const running = new Set<{ readonly title: string; detail: string }>();
  let drawn = 0;

  function redraw(): void {
    if (!output.isTTY) return;
    erase();
    // A line that wraps would be two, of which only one is erased.
    const width = (output.columns ?? 80) - 1;
    for (const { title, detail } of running) {
      output.write(`  ${title} ... ${detail}`.slice(0, width).concat('\n'));
      drawn += 1;
    }
  }

  function erase(): void {
    // Up as many lines as were drawn, and clear from there.
    if (drawn > 0) output.write(`\u001B[${drawn}A\u001B[J`);
    drawn = 0;
  }

  function line(text: string): void {
    erase();
    output.write(`${text}\n`);
    redraw();
  }

  return {
    async step(title, work) {
      const step = { title, detail: '' };
      const begun = performance.now();
      running.add(step);
      redraw();
      try {
        const result = await work((detail) => {
          step.detail = detail;
          redraw();
        });
        running.delete(step);
        line(`  ${title} (${((performance.now() - begun) / 1_000).toFixed(1)} s)`);
        return result;
      } finally {
        running.delete(step);
        redraw();
      }
    },
    line,
  };
}

/** A progress that nobody watches. */
export const silentProgress = (): Progress => progressOn({ write: () => true });
