/**
 * Training on whole documents, so that it is known which of them a model has seen.
 * @module
 */
import { fingerprint } from "../../core/artefacts.ts";
import { UsageError } from "../../core/errors.ts";
import { Permutation } from "../../core/permutation.ts";
import { Random } from "../../core/random.ts";
import type { Batch, BatchSource, BatchSourceState } from "../../shards/batch.ts";
import { checkBatchSourceState, checkSizes } from "../../shards/checks.ts";

/** What a proxy is trained on. */
export interface DocumentLoaderOptions {
  /** Token ids of each. */
  readonly documents: readonly Uint32Array[];
  readonly seed: number;
  /** Targets of a document at most; what goes beyond is left out, as `documentBatches` does. */
  readonly length: number;
  /** Documents of a batch. */
  readonly sequencesPerBatch: number;
  /** Number of batches. */
  readonly steps: number;
}

/**
 * One document a row, filled up behind its end with targets of weight 0; every epoch has all of them in an order of its own. A
 * batch is as long as any may be, so that all have one shape.
 */
export class DocumentLoader implements BatchSource {
  readonly steps: number;
  readonly #options: DocumentLoaderOptions;
  readonly #fingerprint: Readonly<Record<string, string | number>>;

  /** @throws {UsageError} where there are no documents, one has fewer than 2 tokens, or a size is no positive whole number. */
  constructor(options: DocumentLoaderOptions) {
    const { documents, length, sequencesPerBatch, steps } = options;
    checkSizes("documents", { length, sequencesPerBatch, steps });
    if (documents.length === 0) throw new UsageError("There are no documents to train on.");
    const short = documents.findIndex((document) => document.length < 2);
    if (short >= 0) {
      throw new UsageError(`Document ${short} has ${documents[short]?.length} tokens, expected at least 2.`);
    }
    this.steps = steps;
    this.#options = options;
    this.#fingerprint = {
      length,
      sequencesPerBatch,
      steps,
      documents: fingerprint(documents.map((document) => document.subarray(0, length + 1).join())),
    };
  }

  batch(step: number): Batch {
    if (!(step >= 0 && step < this.steps)) {
      throw new RangeError(`Step is ${step}, expected 0 … ${this.steps - 1}.`);
    }
    const { documents, seed, length, sequencesPerBatch } = this.#options;
    const positions = sequencesPerBatch * length;
    const batch = {
      sequences: sequencesPerBatch,
      length,
      tokens: new Uint32Array(positions),
      targets: new Uint32Array(positions),
      documents: new Uint32Array(positions),
      weights: new Float32Array(positions),
    };
    for (let row = 0; row < sequencesPerBatch; row++) {
      const ordinal = step * sequencesPerBatch + row;
      const epoch = Math.floor(ordinal / documents.length);
      const order = new Permutation(documents.length, Random.of(seed, "documents", epoch));
      // A permutation of the documents' numbers.
      const document = documents[order.at(ordinal % documents.length)] as Uint32Array;
      const count = Math.min(document.length - 1, length), from = row * length;
      batch.tokens.set(document.subarray(0, count), from);
      batch.targets.set(document.subarray(1, count + 1), from);
      batch.weights.fill(1, from, from + count);
    }
    return batch;
  }

  state(step: number): BatchSourceState {
    return { stage: "documents", seed: this.#options.seed, step, fingerprint: this.#fingerprint };
  }

  checkState(state: BatchSourceState): void {
    checkBatchSourceState(state, this.state(0), this.steps);
  }
}
