/**
 * What influence functions ask of a backend: inner products, squared norms and weighted sums of the gradients of single
 * sequences, without those gradients ever being stored.
 *
 * gᵢ is the gradient of ℓᵢ, sequence i's mean negative log-likelihood per (weighted) target, at the weights that were
 * loaded. It falls into groups, one for each parameter tensor that takes part: what DataInf calls a layer.
 * @module
 */
import { UsageError } from "../core/errors.ts";
import { type ModelConfig, parameterLayout, type ParameterSpec } from "../model/config.ts";
import type { TokenBatch } from "./backend.ts";

/**
 * Which parameter tensors take part: every matrix, or the embedding and the head alone, as AutoMixer has it. Norms never do:
 * they are a thousandth of the parameters.
 */
export type InfluenceTensors = "all" | "embedding and head";

/** ⟨gᵢ, V⟩ for several vectors, and ‖gᵢ‖². */
export interface SequenceProducts {
  /** For each vector, [sequences × groups]. */
  readonly products: readonly Float64Array[];
  /** [sequences × groups]. */
  readonly squaredNorms: Float64Array;
}

/** A sum of gradients with a coefficient for each sequence and group. */
export interface WeightedSum {
  /** c [sequences × groups]. */
  readonly coefficients: Float32Array;
  /** What is added to [parameters]. */
  readonly sum: Float32Array;
}

/** Gradients of single sequences at one checkpoint. Vectors are flat, in the order of `parameterLayout`. Calls must not overlap. */
export interface InfluenceBackend extends AsyncDisposable {
  /** Length of a vector. */
  readonly parameters: number;
  /** The tensors that take part, in the order of `parameterLayout`; a tied embedding counts once, as one group. */
  readonly groups: readonly Pick<ParameterSpec, "name" | "offset" | "size">[];
  /** Replaces the model's weights [parameters]. */
  load(weights: Float32Array): Promise<void>;
  /** ⟨gᵢ, V⟩ for each vector, [sequences × groups]; a teacher is ignored, here and below. */
  sequenceProducts(batch: TokenBatch, vectors: readonly Float32Array[]): Promise<readonly Float64Array[]>;
  /** The same and ‖gᵢ‖², in the same pass. */
  sequenceProductsAndNorms(batch: TokenBatch, vectors: readonly Float32Array[]): Promise<SequenceProducts>;
  /** Adds each sum's Σᵢ c[i, group]·gᵢ to it; several sums share the passes. What belongs to no group stays as it was. */
  addWeightedGradients(batch: TokenBatch, sums: readonly WeightedSum[]): Promise<void>;
}

/**
 * The parameter tensors that take part, in the order of `parameterLayout`.
 *
 * @example
 * ```ts
 * import { MODEL_SIZES } from "../model/config.ts";
 * import { influenceGroups } from "./influence.ts";
 * import assert from "node:assert/strict";
 * assert.equal(influenceGroups(MODEL_SIZES["140m"], "all").length, 1 + 7 * 15);
 * assert.equal(influenceGroups(MODEL_SIZES["140m"], "embedding and head").length, 1);
 * ```
 */
export function influenceGroups(config: ModelConfig, tensors: InfluenceTensors): ParameterSpec[] {
  return parameterLayout(config).filter(({ kind }) =>
    kind === "embedding" || kind === "head" || (kind === "linear" && tensors === "all")
  );
}

/**
 * Weights of the targets [sequences × length] that make Σ weight·loss over a sequence its mean loss: w / Σ w.
 *
 * @throws {UsageError} where all weights of a sequence are 0, naming the sequence.
 *
 * @example
 * ```ts
 * import { meanWeights } from "./influence.ts";
 * import assert from "node:assert/strict";
 * const tokens = new Uint32Array(4);
 * const batch = { sequences: 2, length: 2, tokens, targets: tokens, weights: Float32Array.of(1, 0, 2, 2) };
 * assert.deepEqual(meanWeights(batch), Float32Array.of(1, 0, 0.5, 0.5));
 * ```
 */
export function meanWeights({ sequences, length, weights }: TokenBatch): Float32Array {
  if (weights === undefined) return new Float32Array(sequences * length).fill(1 / length);
  const result = new Float32Array(weights.length);
  for (let sequence = 0; sequence < sequences; sequence++) {
    const own = weights.subarray(sequence * length, (sequence + 1) * length);
    const total = own.reduce((sum, weight) => sum + weight, 0);
    if (!(total > 0)) {
      throw new UsageError(
        `Batch: the weights of sequence ${sequence} sum to ${total}, expected a target with a weight above 0.`,
      );
    }
    result.set(own.map((weight) => weight / total), sequence * length);
  }
  return result;
}

/** Some sequences of a batch, without its teacher; views of the same arrays. */
export function sequencesOf(
  { length, tokens, targets, weights, documents }: TokenBatch,
  first: number,
  sequences: number,
): TokenBatch {
  const [from, to] = [first * length, (first + sequences) * length];
  return {
    sequences,
    length,
    tokens: tokens.subarray(from, to),
    targets: targets.subarray(from, to),
    ...(weights && { weights: weights.subarray(from, to) }),
    ...(documents && { documents: documents.subarray(from, to) }),
  };
}

/**
 * Checks an array's length.
 *
 * @throws {UsageError} naming the array, its length and what was expected.
 */
export function checkLength(name: string, { length }: Float32Array, expected: number): void {
  if (length !== expected) {
    throw new UsageError(`Influence: ${name} has ${length} entries, expected ${expected}.`);
  }
}

/**
 * Checks that sums and their coefficients fit a batch.
 *
 * @throws {UsageError} naming the array, its length and what was expected.
 */
export function checkSums(
  { parameters, groups }: Pick<InfluenceBackend, "parameters" | "groups">,
  { sequences }: TokenBatch,
  sums: readonly WeightedSum[],
): void {
  for (const [i, { coefficients, sum }] of sums.entries()) {
    checkLength(`coefficients[${i}]`, coefficients, sequences * groups.length);
    checkLength(`sums[${i}]`, sum, parameters);
  }
}

/**
 * Checks that vectors fit.
 *
 * @throws {UsageError} naming the vector, its length and what was expected.
 */
export function checkVectors(
  { parameters }: Pick<InfluenceBackend, "parameters">,
  vectors: readonly Float32Array[],
): void {
  for (const [i, vector] of vectors.entries()) checkLength(`vectors[${i}]`, vector, parameters);
}
