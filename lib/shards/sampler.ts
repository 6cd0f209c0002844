/**
 * The order of training data, as a pure function of (seed, stage, index).
 * @module
 */
import { UsageError } from "../core/errors.ts";
import type { Mixture } from "../core/mixture.ts";
import { Permutation } from "../core/permutation.ts";
import { Random } from "../core/random.ts";
import { allocate } from "./allocation.ts";

/** What a stage draws. */
export interface SamplerOptions {
  readonly mixture: Pick<Mixture, "sources" | "caps">;
  /** Sequences that each source holds (windows), by name; those of the mixture must be there. */
  readonly windows: ReadonlyMap<string, number>;
  readonly seed: number;
  /** Name of the stage: two stages with one seed draw in different orders. */
  readonly stage: string;
  /** N: sequences that the stage draws. */
  readonly sequences: number;
}

/** One drawn sequence. */
export interface Draw {
  /** Name of the source. */
  readonly source: string;
  /** Which pass over the source, from 0. */
  readonly epoch: number;
  /** Which of the source's windows. */
  readonly window: number;
}

/** What one source gives to a stage. */
export interface SourcePlan {
  readonly source: string;
  /** Sequences drawn from it. */
  readonly sequences: number;
  /** Sequences that it holds. */
  readonly windows: number;
  /** Passes over it: sequences / windows. */
  readonly epochs: number;
}

/**
 * Draws N sequences from a mixture. The sources' counts are its weights times N, rounded so that they sum to N exactly and
 * respect the cap on epochs (`allocate`). Sequence i takes place π(i) in the concatenation of all sources' draws, π a random
 * permutation of 0 … N − 1; within a source, each epoch runs through all windows in a random order of its own.
 * Nothing is stored but the sources, and any index costs the same.
 */
export class MixtureSampler {
  readonly sequences: number;
  readonly #seed: number;
  readonly #stage: string;
  readonly #order: Permutation;
  readonly #plan: readonly SourcePlan[];

  /**
   * @throws {UsageError} where a source of the mixture is missing or holds no window, N is no positive whole number, or the
   * sources hold too little for N under the cap on epochs.
   */
  constructor({ mixture, windows, seed, stage, sequences }: SamplerOptions) {
    if (!(Number.isSafeInteger(sequences) && sequences > 0)) {
      throw new UsageError(
        `Stage "${stage}" draws ${sequences} sequences, expected a positive whole number.`,
      );
    }
    const maxEpochs = mixture.caps.maxEpochs ?? Infinity;
    const shares = mixture.sources.filter(({ weight }) => weight > 0).map(({ name, weight }) => {
      const available = windows.get(name);
      if (available === undefined) {
        throw new UsageError(
          `The mixture's source "${name}" is not among the shards: ${[...windows.keys()].join(", ")}.`,
        );
      }
      if (available === 0) {
        throw new UsageError(`The mixture's source "${name}" is shorter than one sequence.`);
      }
      return { name, weight, windows: available, capacity: Math.floor(maxEpochs * available) };
    });
    const counts = allocate(sequences, shares);
    this.sequences = sequences;
    this.#seed = seed;
    this.#stage = stage;
    this.#order = new Permutation(sequences, Random.of(seed, stage, "order"));
    this.#plan = shares.map(({ name, windows }, i) => {
      const count = counts[i] ?? 0;
      return { source: name, sequences: count, windows, epochs: count / windows };
    });
  }

  /** What each source gives, in the mixture's order; sources without weight are left out. */
  plan(): readonly SourcePlan[] {
    return this.#plan;
  }

  /** The sequence of an index, 0 … N − 1. @throws {RangeError} for any other. */
  at(index: number): Draw {
    let ordinal = this.#order.at(index);
    for (const { source, sequences, windows } of this.#plan) {
      if (ordinal < sequences) {
        const epoch = Math.floor(ordinal / windows);
        const random = Random.of(this.#seed, this.#stage, "windows", source, epoch);
        return { source, epoch, window: new Permutation(windows, random).at(ordinal % windows) };
      }
      ordinal -= sequences;
    }
    // The plan's sequences sum to N, and the permutation stays below N.
    throw new Error(`No source for sequence ${index}.`);
  }
}
