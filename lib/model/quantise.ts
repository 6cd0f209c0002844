/**
 * Rounding weights to 4 bits, and back: symmetric, to the nearest, one scale for each group of adjacent columns.
 * @module
 */
import { UsageError } from "../core/errors.ts";
import type { Model } from "./checkpoint.ts";
import { parameterLayout } from "./config.ts";
import type { QuantisedMatrix, QuantisedModel } from "./quantisation.ts";

/** Columns that share a scale, and how activations are rounded. */
export interface QuantisationSettings {
  /** Of linear layers: {@link paperGroup}. */
  readonly group: number;
  /** Of embedding and head: 32 in the paper. */
  readonly embeddingGroup: number;
  readonly activationBits: 8 | 0;
}

/** The paper's group of linear layers, by a model's parameters: 32 for the smallest size (140M), 128 for the others. */
export function paperGroup(parameters: number): 32 | 128 {
  return parameters < 200e6 ? 32 : 128;
}

/** The entry that stands for 0; entries reach from −8 to 7 around it. */
const ZERO = 8;

/** The largest finite number in half precision. */
const LARGEST_HALF = 65504;

/**
 * Packs a matrix [rows × columns].
 *
 * A group's scale is max|w|/7 or max|w|/8, whichever leaves the smaller squared error, rounded to half precision. With the
 * first the largest weight is kept at either sign; with the second steps are finer, and only −8 reaches the largest.
 *
 * @throws {UsageError} where `group` is odd or does not divide the columns, or a weight is not finite or too large.
 *
 * @example
 * ```ts
 * import { dequantise, quantise } from "./quantise.ts";
 * import assert from "node:assert/strict";
 * const matrix = quantise("w", Float32Array.of(-7, 3, 0.4, 7), 1, 4, 4);
 * assert.deepEqual(dequantise(matrix), Float32Array.of(-7, 3, 0, 7));
 * ```
 */
export function quantise(
  name: string,
  weights: Float32Array,
  rows: number,
  columns: number,
  group: number,
): QuantisedMatrix {
  if (!Number.isSafeInteger(group) || group < 2 || group % 2 !== 0 || columns % group !== 0) {
    throw new UsageError(`${name}: group is ${group}, expected an even divisor of its ${columns} columns.`);
  }
  const packed = new Uint8Array(rows * columns / 2);
  const scales = new Float32Array(rows * columns / group);
  for (let i = 0; i < scales.length; i++) {
    const from = i * group;
    const scale = bestScale(weights, from, from + group);
    if (!Number.isFinite(scale)) {
      throw new UsageError(
        `${name}: a weight is not finite, or beyond ±${LARGEST_HALF * 7}, and has no place in 4 bits.`,
      );
    }
    scales[i] = scale;
    for (let at = from; at < from + group; at += 2) {
      // A group has an even number of columns.
      const low = step(weights[at] as number, scale) + ZERO;
      const high = step(weights[at + 1] as number, scale) + ZERO;
      packed[at / 2] = low | high << 4;
    }
  }
  return { name, rows, columns, group, packed, scales };
}

/** The better one of two scales for the weights `from` … `to` (exclusive); not finite where the weights are not. */
function bestScale(weights: Float32Array, from: number, to: number): number {
  let largest = 0;
  for (let i = from; i < to; i++) {
    const size = Math.abs(weights[i] as number);
    // Written so that NaN counts as large.
    if (!(size <= largest)) largest = size;
  }
  const wide = Math.f16round(largest / 7);
  const narrow = Math.f16round(largest / 8);
  return squaredError(weights, from, to, narrow) < squaredError(weights, from, to, wide) ? narrow : wide;
}

function squaredError(weights: Float32Array, from: number, to: number, scale: number): number {
  let error = 0;
  for (let i = from; i < to; i++) {
    const weight = weights[i] as number;
    const rest = weight - step(weight, scale) * scale;
    error += rest * rest;
  }
  return error;
}

/** q − 8 of a weight: to the nearest, ties upwards, within −8 … 7. */
function step(weight: number, scale: number): number {
  if (scale === 0) return 0;
  const nearest = Math.floor(weight / scale + 0.5);
  return nearest > 7 ? 7 : nearest < -ZERO ? -ZERO : nearest;
}

/** The weights that a packed matrix stands for [rows × columns]. */
export function dequantise({ packed, scales, group }: QuantisedMatrix): Float32Array {
  const weights = new Float32Array(2 * packed.length);
  for (let i = 0; i < packed.length; i++) {
    // Groups have an even number of columns, so a byte lies in one.
    const byte = packed[i] as number;
    const scale = scales[Math.floor(2 * i / group)] as number;
    weights[2 * i] = ((byte & 15) - ZERO) * scale;
    weights[2 * i + 1] = ((byte >> 4) - ZERO) * scale;
  }
  return weights;
}

/**
 * Packs every matrix of a model; norms stay float32.
 *
 * @throws {UsageError} where a group does not fit a matrix, naming it.
 */
export function quantiseModel({ config, weights }: Model, settings: QuantisationSettings): QuantisedModel {
  const matrices = new Map<string, QuantisedMatrix>();
  const norms = new Map<string, Float32Array>();
  for (const { name, kind, offset, size, shape: [rows = 0, columns = 1] } of parameterLayout(config)) {
    const values = weights.subarray(offset, offset + size);
    if (kind === "norm") {
      norms.set(name, values.slice());
      continue;
    }
    const group = kind === "linear" ? settings.group : settings.embeddingGroup;
    matrices.set(name, quantise(name, values, rows, columns, group));
  }
  return { config, matrices, norms, activationBits: settings.activationBits };
}

/** The float32 model that a packed one stands for, in the order of `parameterLayout`. */
export function dequantiseModel({ config, matrices, norms }: QuantisedModel): Model {
  const layout = parameterLayout(config);
  const weights = new Float32Array(layout.reduce((sum, { size }) => sum + size, 0));
  for (const { name, offset } of layout) {
    const matrix = matrices.get(name);
    const values = matrix === undefined ? norms.get(name) : dequantise(matrix);
    if (values === undefined) {
      throw new RangeError(`The packed model has no parameter ${JSON.stringify(name)}.`);
    }
    weights.set(values, offset);
  }
  return { config, weights };
}
