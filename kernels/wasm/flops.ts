/**
 * What a training step multiplies and adds.
 * @module
 */
import { queryKeyValueWidth, type TransformerShape } from "./shape.ts";

/** Floating-point operations of one step; a multiply-add counts two. */
export interface StepFlops {
  /** Products with a weight matrix, the head's included: once forward, twice backward. */
  readonly products: number;
  /** Attention's products over the positions that a causal query sees: two forward, five backward. */
  readonly attention: number;
}

/**
 * Operations of a step on `sequences` × `length` tokens of one document a sequence.
 *
 * @example
 * ```ts
 * import { stepFlops } from "./flops.ts";
 * import assert from "node:assert/strict";
 * const shape = {
 *   vocabularySize: 4096, width: 128, layers: 4, heads: 2, keyValueHeads: 2, headSize: 64, feedForwardWidth: 352,
 *   ropeTheta: 1e4, ropeScaling: null, normEpsilon: 1e-5, queryKeyNorm: "after rope" as const, tiedEmbeddings: true,
 * };
 * assert.equal(Math.round(stepFlops(shape, 4, 256).products / 1e7), 815);
 * ```
 */
export function stepFlops(shape: TransformerShape, sequences: number, length: number): StepFlops {
  const { width, heads, headSize, feedForwardWidth, layers, vocabularySize } = shape;
  const attentionWidth = heads * headSize;
  const layer = width * (queryKeyValueWidth(shape) + attentionWidth + 3 * feedForwardWidth);
  const weights = layers * layer + vocabularySize * width;
  const pairs = length * (length + 1) / 2;
  return {
    products: 3 * 2 * weights * sequences * length,
    attention: 7 * 2 * attentionWidth * pairs * sequences * layers,
  };
}
