/**
 * A scorer on several cores: each batch is divided among worker threads that hold the same scorer.
 * @module
 */
import { availableParallelism } from "node:os";
import { RunError } from "../core/errors.ts";
import type { Document } from "../sources/document.ts";
import type { Scorer } from "./scorer.ts";

/** What a thread answers: the scores of the texts it was given, or why it has none. */
export type ThreadAnswer = { readonly scores: (number | null)[] } | { readonly error: string };

/** Run by the threads. */
export const SCORER_THREAD = new URL("scorer_thread.ts", import.meta.url);

/**
 * The same scorer, and the same scores, from several threads; a scorer that is not portable stays as it is.
 *
 * @param threads By default one for each core.
 */
export function inThreads(scorer: Scorer, threads = availableParallelism()): Scorer & AsyncDisposable {
  const { portable } = scorer;
  if (portable === undefined || threads === 1) {
    return { ...scorer, [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  const workers = Array.from({ length: threads }, () => {
    const worker = new Worker(SCORER_THREAD, { type: "module" });
    worker.postMessage(portable);
    return worker;
  });
  return {
    ...scorer,
    batchSize: threads * scorer.batchSize,
    async score(documents, signal) {
      // Whole batches of the scorer, as it would get them in one thread.
      const batches = Array.from(
        { length: Math.ceil(documents.length / scorer.batchSize) },
        (_, i) => documents.slice(i * scorer.batchSize, (i + 1) * scorer.batchSize),
      );
      const scores: (number | null)[] = [];
      while (batches.length > 0) {
        signal?.throwIfAborted();
        const parts = workers.flatMap((worker) => {
          const batch = batches.shift();
          return batch === undefined ? [] : [ask(worker, scorer.name, batch)];
        });
        for (const part of await Promise.all(parts)) scores.push(...part);
      }
      return scores;
    },
    [Symbol.asyncDispose]() {
      for (const worker of workers) worker.terminate();
      return Promise.resolve();
    },
  };
}

async function ask(
  worker: Worker,
  name: string,
  documents: readonly Document[],
): Promise<(number | null)[]> {
  const { promise, resolve, reject } = Promise.withResolvers<ThreadAnswer>();
  worker.onmessage = ({ data }: MessageEvent<ThreadAnswer>) => resolve(data);
  worker.onerror = (event) => {
    // Else it would end this thread too.
    event.preventDefault();
    reject(new RunError(`A thread of the scorer ${name} ended: ${event.message}`));
  };
  worker.postMessage(documents.map(({ text }) => text));
  const answer = await promise;
  if ("error" in answer) throw new RunError(`A thread of the scorer ${name} failed: ${answer.error}`);
  return answer.scores;
}
