/**
 * Generation's counterpart of `TrainBackend`: weights and a cache of keys and values, without gradients or moments.
 *
 * A backend holds `slots` sequences side by side, each with room for `capacity` positions. Tokens are drawn where the
 * logits are, so that only ids leave the device; the randomness comes from the caller, so that a draw depends on
 * nothing else.
 * @module
 */
import type { ModelConfig } from "../model/config.ts";
import type { QuantisedModel } from "../model/quantisation.ts";

/** Which tokens may be drawn, and how boldly. */
export interface SamplingSettings {
  /** Logits are divided by it; 0 takes the likeliest token. */
  readonly temperature: number;
  /** Only the k likeliest tokens. Absent: all. */
  readonly topK?: number;
  /** Only the likeliest tokens that together have this probability, after temperature and top-k (nucleus; Holtzman et al., 2020). Absent: all. */
  readonly topP?: number;
}

/** What a decoder computes with: float32 weights in the order of `parameterLayout`, or packed ones. */
export type DecoderWeights =
  | { readonly config: ModelConfig; readonly weights: Float32Array }
  | QuantisedModel;

/** Room for the cache. */
export interface DecodeOptions {
  /** Sequences side by side. */
  readonly slots: number;
  /** Positions that each can hold, prompt and continuation together. */
  readonly capacity: number;
}

/** Tokens to append to a slot. */
export interface Prefill {
  readonly slot: number;
  /** At least one. */
  readonly tokens: Uint32Array;
}

/** How a slot goes on. */
export interface Draw {
  readonly slot: number;
  readonly sampling: SamplingSettings;
  /** A number in [0, 1) for each step; not read at temperature 0. */
  readonly uniforms: Float32Array;
}

/** A model that reads and writes tokens, on one kind of hardware. Calls must not overlap. */
export interface DecodeBackend extends AsyncDisposable {
  readonly name: "wasm" | "webgpu";
  /** What runs it, for people: "webgpu, Dawn, tensor tier, 4-bit weights". */
  readonly description: string;
  readonly config: ModelConfig;
  readonly slots: number;
  readonly capacity: number;
  /** Bytes of weights and of the cache. */
  readonly memory: { readonly weights: number; readonly cache: number };
  /** Positions that a slot holds. */
  length(slot: number): number;
  /**
   * Appends tokens to slots, each slot named once; each slot's logits are then those after its last token.
   *
   * @throws {UsageError} for an empty list of tokens, an id outside the vocabulary, or more positions than the capacity.
   */
  prefill(prompts: readonly Prefill[]): Promise<void>;
  /**
   * `steps` times: draws a token from each slot's logits by `sampleToken`'s rule and appends it. What comes after a stop
   * token is the caller's to `truncate`.
   *
   * @returns Token ids [draws × steps].
   * @throws {UsageError} for a slot that holds nothing or would hold more than the capacity.
   * @throws {RunError} where a logit is NaN or infinite.
   */
  decode(draws: readonly Draw[], steps: number): Promise<Uint32Array>;
  /** The logits after a slot's last token [V]. */
  logits(slot: number): Promise<Float32Array>;
  /** Forgets a slot's positions from `length` on, and its logits: a `prefill` has to follow. */
  truncate(slot: number, length: number): void;
  /**
   * Takes other float32 weights [parameters] of the same config, copied, and empties all slots: for a policy that is asked between
   * updates.
   *
   * @throws {UsageError} for another number of weights, or where the decoder's are 4-bit ones.
   */
  load(weights: Float32Array): Promise<void>;
}
