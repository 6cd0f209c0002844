/**
 * Model FLOPs: what a model multiplies and adds for a token, whatever a machine computes twice.
 *
 * A multiply-add counts two. A matrix of n weights costs 2n forward and 4n backward: the 6N of scaling laws, N without norms and, where the
 * head is not tied, without the embedding, which is looked up. Attention's two products (qkᵀ and its weights times v) cost 2 · heads · headSize each for each
 * position that a causal query sees, (length + 1)/2 on average, and twice that backward. Scores that a fused backward pass computes again
 * are no model FLOPs (PaLM, arXiv 2204.02311, appendix B).
 * @module
 */
import { type ModelConfig, parameterLayout } from "./config.ts";

/** Weights that every token is multiplied with. */
function multipliedWeights(config: ModelConfig): number {
  const head = config.tiedEmbeddings ? "embedding" : "head";
  return parameterLayout(config)
    .filter(({ kind }) => kind === "linear" || kind === head)
    .reduce((sum, { size }) => sum + size, 0);
}

/**
 * FLOPs of a forward pass, for each token of sequences that hold one document.
 *
 * @param length Tokens of a sequence.
 */
export function forwardFlopsPerToken(config: ModelConfig, length: number): number {
  const attention = config.layers * 2 * 2 * config.heads * config.headSize * (length + 1) / 2;
  return 2 * multipliedWeights(config) + attention;
}

/**
 * FLOPs of forward and backward, for each token of sequences that hold one document.
 *
 * @param length Tokens of a sequence.
 *
 * @example
 * ```ts
 * import { MODEL_SIZES } from "./config.ts";
 * import { trainingFlopsPerToken } from "./flops.ts";
 * import assert from "node:assert/strict";
 * // 6N is 5.70e9; attention adds 7% at 2048 tokens.
 * assert.equal(trainingFlopsPerToken(MODEL_SIZES["950m"], 2048).toPrecision(3), "6.11e+9");
 * ```
 */
export function trainingFlopsPerToken(config: ModelConfig, length: number): number {
  return 3 * forwardFlopsPerToken(config, length);
}
