/**
 * What the kernels need to know about a model and about a batch.
 * @module
 */

/** Llama 3.1's stretching of RoPE: memory/rotary_table.ts. */
export interface RopeScaling {
  readonly factor: number;
  readonly lowFrequencyFactor: number;
  readonly highFrequencyFactor: number;
  readonly originalMaxPositions: number;
}

/** A dense Llama 4 text model, or a relative of it; every width is a multiple of 4. */
export interface TransformerShape {
  readonly vocabularySize: number;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headSize: number;
  readonly feedForwardWidth: number;
  readonly ropeTheta: number;
  readonly ropeScaling: RopeScaling | null;
  readonly normEpsilon: number;
  /** Norm of each head of q and k: none, without a weight (assembly/rotary.ts), or with one (assembly/head_norm.ts). */
  readonly queryKeyNorm: "none" | "after rope" | "before rope, weighted";
  readonly tiedEmbeddings: boolean;
  /** forward: no room for gradient, moments and what only the backward pass reads. Absent: training. */
  readonly purpose?: "training" | "forward";
}

/** What determines the buffers of a pass over a batch. */
export interface BatchShape {
  readonly sequences: number;
  readonly length: number;
  /** Keep every layer's activations for a backward pass; without it, layers share one set of buffers. */
  readonly training: boolean;
  /** Logits that a teacher gives for each position: none, the whole vocabulary, or `teacherWidth` of them with their ids. */
  readonly teacher: "none" | "full" | "top";
  /** 0, the vocabulary's size, or k. */
  readonly teacherWidth: number;
  /** Hold the logits of all rows at once, whatever room they take; absent: a chunk of rows at a time. */
  readonly wholeLogits?: boolean;
}

/** Where a layer's parameters begin in the flat array, in elements. */
export interface LayerPlaces {
  /** Rows of q, k and v, one after another: [(heads + 2·keyValueHeads)·headSize, width]. */
  readonly queryKeyValue: number;
  /** [width, heads·headSize]. */
  readonly output: number;
  /** Weights of QK-norm, [headSize] each; absent where it has none. */
  readonly headNorms: { readonly query: number; readonly key: number } | undefined;
  /** Rows of gate and up, one after another: [2·feedForwardWidth, width]. */
  readonly gateUp: number;
  /** [width, feedForwardWidth]. */
  readonly down: number;
  /** Weight of the norm before attention, [width]. */
  readonly attentionNorm: number;
  /** Weight of the norm before the feed-forward, [width]. */
  readonly feedForwardNorm: number;
}

/** Where every parameter begins in the flat array, in elements. */
export interface ParameterPlaces {
  readonly embedding: number;
  readonly layers: readonly LayerPlaces[];
  readonly finalNorm: number;
  /** The embedding's place where the head is tied to it. */
  readonly head: number;
  /** Elements in all. */
  readonly count: number;
}

/** Width of a row of queries, keys and values side by side. */
export function queryKeyValueWidth(shape: TransformerShape): number {
  return (shape.heads + 2 * shape.keyValueHeads) * shape.headSize;
}

/**
 * The flat order of parameters: embedding; per layer q, k, v, o, the weights of QK-norm, gate, up, down and the two norms; final norm; head.
 * The kernels rely on neighbours: q, k, v are one matrix, and so are gate and up.
 *
 * @example
 * ```ts
 * import { parameterPlaces } from "./shape.ts";
 * import assert from "node:assert/strict";
 * const places = parameterPlaces({
 *   vocabularySize: 10, width: 4, layers: 1, heads: 1, keyValueHeads: 1, headSize: 4, feedForwardWidth: 8,
 *   ropeTheta: 1e4, ropeScaling: null, normEpsilon: 1e-5, queryKeyNorm: "after rope", tiedEmbeddings: true,
 * });
 * assert.equal(places.layers[0]?.output, 10 * 4 + 3 * 4 * 4);
 * assert.equal(places.head, places.embedding);
 * ```
 */
export function parameterPlaces(shape: TransformerShape): ParameterPlaces {
  const { width, feedForwardWidth, vocabularySize } = shape;
  let count = 0;
  const take = (size: number) => (count += size) - size;
  const embedding = take(vocabularySize * width);
  const layers = Array.from({ length: shape.layers }, () => ({
    queryKeyValue: take(queryKeyValueWidth(shape) * width),
    output: take(width * shape.heads * shape.headSize),
    headNorms: shape.queryKeyNorm === "before rope, weighted"
      ? { query: take(shape.headSize), key: take(shape.headSize) }
      : undefined,
    gateUp: take(2 * feedForwardWidth * width),
    down: take(width * feedForwardWidth),
    attentionNorm: take(width),
    feedForwardNorm: take(width),
  }));
  const finalNorm = take(width);
  const head = shape.tiedEmbeddings ? embedding : take(vocabularySize * width);
  return { embedding, layers, finalNorm, head, count };
}
