/**
 * What training reads: batches by step, and a state that says which they were.
 * @module
 */

/** Sequences to learn from, as every backend takes them. Arrays are row-major [sequences × length]. */
export interface Batch {
  readonly sequences: number;
  readonly length: number;
  readonly tokens: Uint32Array<ArrayBuffer>;
  /** The token that follows each input. */
  readonly targets: Uint32Array<ArrayBuffer>;
  /** Document number of each input, for attention that stays inside a document. */
  readonly documents: Uint32Array<ArrayBuffer>;
  /** Weight of each target in the loss; absent: all 1. */
  readonly weights?: Float32Array<ArrayBuffer>;
}

/** A stage's batches in order. Each is a pure function of its step: nothing advances, so nothing has to be restored. */
export interface BatchSource {
  /** Number of batches. */
  readonly steps: number;
  /** The batch of a step, 0 … steps − 1. @throws {RangeError} for any other. */
  batch(step: number): Batch;
  /** What a checkpoint keeps: which batches these are, and how many of them were used. */
  state(step: number): BatchSourceState;
  /**
   * Accepts a checkpoint's state.
   *
   * @throws {UsageError} naming what differs, where the state belongs to other batches.
   */
  checkState(state: BatchSourceState): void;
}

/** Few, small and plain: goes into a checkpoint's JSON. */
export interface BatchSourceState {
  readonly stage: string;
  readonly seed: number;
  /** Batches used. */
  readonly step: number;
  /** Everything else that the batches depend on, by name: sizes, and hashes of what is larger. */
  readonly fingerprint: Readonly<Record<string, string | number>>;
}
