import type { WriteStream } from 'node:tty';

type ProgressOutput = Pick<WriteStream, 'write'> & Partial<Pick<WriteStream, 'isTTY' | 'columns'>>;

/** Shows what is being done: on a terminal the running steps are redrawn below those that are done. */
export class Progress {
  readonly #output: ProgressOutput;
  readonly #running = new Set<{ readonly title: string; detail: string }>();
  #drawn = 0;

  constructor(output: ProgressOutput) {
    this.#output = output;
  }

  /** Shows a step while `work` runs, and how long it took. `work` may say what it is at. */
  async step<Result>(
    title: string,
    work: (at: (detail: string) => void) => Promise<Result>,
  ): Promise<Result> {
    const step = { title, detail: '' };
    const begun = performance.now();
    this.#running.add(step);
    this.#redraw();
    try {
      const result = await work((detail) => {
        step.detail = detail;
        this.#redraw();
      });
      this.#running.delete(step);
      this.line(`  ${title} (${((performance.now() - begun) / 1_000).toFixed(1)} s)`);
      return result;
    } finally {
      this.#running.delete(step);
      this.#redraw();
    }
  }

  line(text: string): void {
    this.#erase();
    this.#output.write(`${text}\n`);
    this.#redraw();
  }

  #redraw(): void {
    if (!this.#output.isTTY) return;
    this.#erase();
    // A line that wraps would be two, of which only one is erased.
    const width = (this.#output.columns ?? 80) - 1;
    for (const { title, detail } of this.#running) {
      this.#output.write(`  ${title} ... ${detail}`.slice(0, width).concat('\n'));
      this.#drawn += 1;
    }
  }

  #erase(): void {
    // Up as many lines as were drawn, and clear from there.
    if (this.#drawn > 0) this.#output.write(`\u001B[${this.#drawn}A\u001B[J`);
    this.#drawn = 0;
  }
}

/** A progress that nobody watches. */
export function silentProgress(): Progress {
  return new Progress({ write: () => true });
}
