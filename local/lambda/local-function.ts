import { FunctionError } from './function-error.ts';
import type { FunctionSettings } from './function-settings.ts';
import { FunctionWorker } from './function-worker.ts';

/** Environments that one function has at a time; events beyond them wait. */
const maximumWorkers = 4;

interface Queued {
  readonly resolve: (worker: FunctionWorker) => void;
  readonly reject: (error: unknown) => void;
}

/** A function as Lambda runs it: an event goes to an idle environment, or to a new one where all are busy. */
export class LocalFunction {
  readonly settings: FunctionSettings;
  readonly #workers = new Set<FunctionWorker>();
  readonly #idle: FunctionWorker[] = [];
  readonly #queue: Queued[] = [];
  #first: Promise<void> | undefined;
  #starting = 0;
  #closed = false;

  constructor(settings: FunctionSettings) {
    this.settings = settings;
  }

  /** Starts the first environment; fails where the function's code cannot be loaded. */
  start(): Promise<void> {
    this.#first = this.#startWorker().then((worker) => this.#release(worker));
    return this.#first;
  }

  async invoke(event: unknown): Promise<unknown> {
    const worker = await this.#acquire();
    try {
      return await worker.invoke(event);
    } finally {
      this.#release(worker);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const closing = new FunctionError('ServiceException', 'The function is shut down');
    for (const { reject } of this.#queue.splice(0)) reject(closing);
    await Promise.all([...this.#workers].map((worker) => worker.terminate()));
  }

  async #acquire(): Promise<FunctionWorker> {
    await this.#first;
    for (let idle = this.#idle.pop(); idle; idle = this.#idle.pop()) {
      if (idle.alive) return idle;
      this.#workers.delete(idle);
    }
    if (this.#workers.size + this.#starting < maximumWorkers) return this.#startWorker();
    return new Promise((resolve, reject) => this.#queue.push({ resolve, reject }));
  }

  async #startWorker(): Promise<FunctionWorker> {
    this.#starting += 1;
    try {
      const worker = await FunctionWorker.start(this.settings);
      this.#workers.add(worker);
      if (this.#closed) await worker.terminate();
      return worker;
    } finally {
      this.#starting -= 1;
    }
  }

  #release(worker: FunctionWorker): void {
    const next = this.#queue.shift();
    if (worker.alive) {
      if (next) next.resolve(worker);
      else this.#idle.push(worker);
      return;
    }
    this.#workers.delete(worker);
    if (next) this.#startWorker().then(next.resolve, next.reject);
  }
}
