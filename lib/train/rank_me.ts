/**
 * RankMe (Garrido et al., 2023; the paper's Eq 9): how many directions a model's representations use.
 *
 *     RankMe(Z) = exp(−Σ pₖ log pₖ),  pₖ = σₖ / Σσ + ε
 *
 * Z [N × D] has a row for each position of a probing set: what the head reads, the residual stream after the final norm. The paper
 * does not say which positions; here all those whose target counts, in order, up to a number that is part of the result.
 * The fast backends keep no hidden states, so they are computed with the reference model: minutes for large models.
 * @module
 */
import type { TokenBatch } from "../backends/backend.ts";
import { sequencesOf } from "../backends/influence.ts";
import { UsageError } from "../core/errors.ts";
import type { Model } from "../model/checkpoint.ts";
import { attentionMask, hiddenStates, namedParameters, parameterTensors } from "../model/reference.ts";
import { tf } from "../model/tensorflow.ts";
import type { Probe } from "./probe.ts";
import { singularValues } from "./singular_values.ts";

/** ε of Eq 9: RankMe's own, a float32's relative rounding. */
const EPSILON = 1e-7;

/** Positions at most: several times the width of the largest model. */
export const RANK_ME_ROWS = 4096;

/** A model's effective rank on one probing set. */
export interface RankMe {
  readonly probe: string;
  /** 1 … min(N, D), but for what ε adds. */
  readonly rankMe: number;
  /** N. */
  readonly rows: number;
  /** D. */
  readonly width: number;
}

/**
 * RankMe of a checkpoint on a probing set.
 *
 * @param rows Positions at most.
 * @throws {UsageError} where no target of the probing set counts.
 */
export function rankMeOf(model: Model, probe: Probe, rows = RANK_ME_ROWS): RankMe {
  const { width } = model.config;
  const parts: Float32Array[] = [];
  let found = 0;
  for (const sequence of sequencesIn(probe.batches)) {
    if (found >= rows) break;
    const hidden = hiddenStatesOf(model, sequence);
    for (let position = 0; position < sequence.length && found < rows; position++) {
      if ((sequence.weights?.[position] ?? 1) === 0) continue;
      parts.push(hidden.subarray(position * width, (position + 1) * width));
      found++;
    }
  }
  if (found === 0) throw new UsageError(`RankMe: probe "${probe.name}" has no position with a target.`);
  const matrix = new Float64Array(found * width);
  parts.forEach((row, i) => matrix.set(row, i * width));
  return { probe: probe.name, rankMe: rankMe(singularValues(matrix, found, width)), rows: found, width };
}

function* sequencesIn(batches: readonly TokenBatch[]): Generator<TokenBatch> {
  for (const batch of batches) {
    for (let sequence = 0; sequence < batch.sequences; sequence++) yield sequencesOf(batch, sequence, 1);
  }
}

/** What the head reads [sequences · length × D]. */
export function hiddenStatesOf({ config, weights }: Model, batch: TokenBatch): Float32Array {
  const { sequences, length, tokens, documents } = batch;
  return tf.tidy(() => {
    const parameters = namedParameters(config, parameterTensors(config, weights));
    const ids = tf.tensor(Int32Array.from(tokens), [sequences, length], "int32");
    return hiddenStates(config, parameters, ids, attentionMask(sequences, length, documents)).dataSync<
      "float32"
    >();
  });
}

/**
 * Eq 9 of singular values.
 *
 * @example
 * ```ts
 * import { rankMe } from "./rank_me.ts";
 * import assert from "node:assert/strict";
 * assert.ok(Math.abs(rankMe([2, 2, 2, 0]) - 3) < 1e-4);
 * ```
 */
export function rankMe(values: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < values.length; k++) sum += values[k] as number;
  let entropy = 0;
  for (let k = 0; k < values.length; k++) {
    const p = (values[k] as number) / sum + EPSILON;
    entropy -= p * Math.log(p);
  }
  return Math.exp(entropy);
}
