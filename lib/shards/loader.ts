/**
 * Batches of a mixture.
 * @module
 */
import { fingerprint } from "../core/artefacts.ts";
import { UsageError } from "../core/errors.ts";
import type { Mixture } from "../core/mixture.ts";
import type { Batch, BatchSource, BatchSourceState } from "./batch.ts";
import type { Shards } from "./reader.ts";
import { MixtureSampler, type SourcePlan } from "./sampler.ts";
import { checkBatchSourceState, checkSizes } from "./checks.ts";
import { fillRow, newBatch, windowsOf } from "./window.ts";

/** What a stage trains on. */
export interface LoaderOptions {
  readonly mixture: Mixture;
  /** Shards of the mixture's sources; others are ignored. */
  readonly sources: readonly Shards[];
  readonly seed: number;
  readonly stage: string;
  /** Tokens of a sequence. */
  readonly length: number;
  /** Sequences of a batch. */
  readonly sequencesPerBatch: number;
  /** Number of batches. */
  readonly steps: number;
}

/** What one source gives to a stage, in tokens too. */
export interface LoaderPlan extends SourcePlan {
  /** Tokens drawn from it: sequences · length. */
  readonly tokens: number;
}

/** The batches of a stage: windows of `length` + 1 tokens from the sources' token streams, in the sampler's order. */
export class Loader implements BatchSource {
  readonly steps: number;
  readonly #options: LoaderOptions;
  readonly #sources: ReadonlyMap<string, Shards>;
  readonly #sampler: MixtureSampler;
  readonly #fingerprint: Readonly<Record<string, string | number>>;

  /**
   * @throws {UsageError} where a source is missing or too short, sources or mixture have different tokenizers, a size is no
   * positive whole number, or the sources hold too little for so many steps under the mixture's cap on epochs.
   */
  constructor(options: LoaderOptions) {
    const { mixture, sources, seed, stage, length, sequencesPerBatch, steps } = options;
    checkSizes(stage, { length, sequencesPerBatch, steps });
    const names = new Set(mixture.sources.filter(({ weight }) => weight > 0).map(({ name }) => name));
    const used = sources.filter(({ source }) => names.has(source));
    const tokenizer = mixture.tokenizer ?? used[0]?.tokenizer ?? "";
    const foreign = used.find((shards) => shards.tokenizer !== tokenizer);
    if (foreign !== undefined) {
      throw new UsageError(
        `Source "${foreign.source}" is tokenised with "${foreign.tokenizer}", mixture "${mixture.name}" needs "${tokenizer}".`,
      );
    }
    this.steps = steps;
    this.#options = options;
    this.#sources = new Map(used.map((shards) => [shards.source, shards]));
    if (this.#sources.size < used.length) {
      throw new UsageError(`Stage "${stage}": two of its shards have the same source.`);
    }
    this.#sampler = new MixtureSampler({
      mixture,
      windows: new Map(sources.map((shards) => [shards.source, windowsOf(shards, length)])),
      seed,
      stage,
      sequences: steps * sequencesPerBatch,
    });
    this.#fingerprint = {
      tokenizer,
      length,
      sequencesPerBatch,
      steps,
      mixture: fingerprint([mixture.sources.map(({ name, weight }) => [name, weight]), mixture.caps]),
      shards: fingerprint(this.#sampler.plan().map(({ source }) => this.#sources.get(source)?.fingerprint)),
    };
  }

  /** What each source gives, in the mixture's order. */
  plan(): LoaderPlan[] {
    return this.#sampler.plan().map((source) => ({
      ...source,
      tokens: source.sequences * this.#options.length,
    }));
  }

  batch(step: number): Batch {
    if (!(step >= 0 && step < this.steps)) {
      throw new RangeError(`Step is ${step}, expected 0 … ${this.steps - 1}.`);
    }
    const { length, sequencesPerBatch } = this.#options;
    const batch = newBatch(sequencesPerBatch, length);
    for (let row = 0; row < sequencesPerBatch; row++) {
      const { source, window } = this.#sampler.at(step * sequencesPerBatch + row);
      // The sampler draws from these sources only.
      fillRow(batch, row, this.#sources.get(source) as Shards, window);
    }
    return batch;
  }

  state(step: number): BatchSourceState {
    const { stage, seed } = this.#options;
    return { stage, seed, step, fingerprint: this.#fingerprint };
  }

  checkState(state: BatchSourceState): void {
    checkBatchSourceState(state, this.state(0), this.steps);
  }
}
