/**
 * Workers that all do the same: each gets a first message of its own, then the same ones.
 * @module
 */
import type { Reply } from "./serve.ts";

/** A worker stopped, or a kernel trapped. The pool is of no further use. */
export class WorkerError extends Error {
  override readonly name = "WorkerError";
}

/** Started workers. Calls must not overlap. */
export class WorkerPool implements Disposable {
  #stopped = false;

  private constructor(private readonly workers: readonly Worker[]) {}

  /** Starts one worker of a module for each first message. @throws {WorkerError} where one fails. */
  static async start(module: URL, first: readonly unknown[]): Promise<WorkerPool> {
    const pool = new WorkerPool(first.map(() => new Worker(module, { type: "module" })));
    await pool.#everyone((worker, i) => worker.postMessage(first[i]));
    return pool;
  }

  /**
   * Sends all workers a message and waits until each has done what it asks for.
   *
   * @throws {WorkerError} where a worker fails, which stops all, or after they were stopped.
   */
  async run(message: unknown): Promise<void> {
    if (this.#stopped) throw new WorkerError("The workers were stopped.");
    await this.#everyone((worker) => worker.postMessage(message));
  }

  /** Stops the workers. */
  [Symbol.dispose]() {
    this.#stopped = true;
    for (const worker of this.workers) worker.terminate();
  }

  async #everyone(send: (worker: Worker, index: number) => void) {
    const replies = this.workers.map((worker, i) =>
      new Promise<void>((resolve, reject) => {
        const fail = (message: string) => reject(new WorkerError(`Worker ${i}: ${message}`));
        worker.onmessage = ({ data }: MessageEvent<Reply>) => data.done ? resolve() : fail(data.message);
        worker.onerror = (event) => {
          event.preventDefault();
          fail(event.message);
        };
        send(worker, i);
      })
    );
    try {
      await Promise.all(replies);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }
}
