/**
 * The parameter tensors whose gradients influence looks at, and where they lie in the matrices of the model.
 * @module
 */
import type { ParameterPlaces, Place, TransformerShape } from "./transformer_parameters.ts";

/** Parameter tensors that take part: all matrices, or the embedding and the head alone. */
export type InfluenceTensors = "all" | "embedding and head";

/** A parameter tensor [outputs × inputs]: rows of a matrix. */
export interface InfluenceGroup {
  /** Its number. */
  readonly index: number;
  /** The matrix that it is a part of. */
  readonly place: Place;
  /** Its first row there. */
  readonly firstOutput: number;
  readonly outputs: number;
  readonly inputs: number;
  /** Whether it is a factor of a product y = x·Wᵀ; an embedding that is no head is not. */
  readonly multiplied: boolean;
  /** Whether tokens gather its rows: the embedding. */
  readonly gathered: boolean;
}

/**
 * The tensors that take part, in the flat order of parameters.
 *
 * @example
 * ```ts
 * import { influenceGroups } from "./influence_groups.ts";
 * import { parameterPlaces } from "./transformer_parameters.ts";
 * import assert from "node:assert/strict";
 * const shape = {
 *   vocabularySize: 10, width: 4, layers: 1, heads: 2, keyValueHeads: 1, headSize: 4, feedForwardWidth: 8,
 *   ropeTheta: 1e4, ropeScaling: null, normEpsilon: 1e-5, queryKeyNorm: "after rope" as const, tiedEmbeddings: true,
 * };
 * const groups = influenceGroups(shape, parameterPlaces(shape, 1024), "all");
 * assert.deepEqual(groups.map(({ outputs }) => outputs), [10, 8, 4, 4, 4, 8, 8, 4]);
 * ```
 */
export function influenceGroups(
  shape: TransformerShape,
  places: ParameterPlaces,
  tensors: InfluenceTensors,
): InfluenceGroup[] {
  const { width, vocabularySize, heads, keyValueHeads, headSize, feedForwardWidth, tiedEmbeddings } = shape;
  const groups: InfluenceGroup[] = [];
  const add = (
    place: Place,
    inputs: number,
    sizes: readonly number[],
    { multiplied = true, gathered = false } = {},
  ) => {
    let firstOutput = 0;
    for (const outputs of sizes) {
      groups.push({ index: groups.length, place, firstOutput, outputs, inputs, multiplied, gathered });
      firstOutput += outputs;
    }
  };
  add(places.embedding, width, [vocabularySize], { multiplied: tiedEmbeddings, gathered: true });
  for (const { queryKeyValue, output, gateUp, down } of tensors === "all" ? places.layers : []) {
    add(queryKeyValue, width, [heads * headSize, keyValueHeads * headSize, keyValueHeads * headSize]);
    add(output, heads * headSize, [width]);
    add(gateUp, width, [feedForwardWidth, feedForwardWidth]);
    add(down, feedForwardWidth, [width]);
  }
  if (!tiedEmbeddings) add(places.head, width, [vocabularySize]);
  return groups;
}
