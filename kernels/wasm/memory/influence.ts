/**
 * What influence needs in the shared memory, behind a batch: vectors in the shape of the parameters, weights of positions, results.
 * @module
 */
import type { BatchShape, LayerPlaces, TransformerShape } from "../shape.ts";
import { Arena, MEMORY_LIMIT, MemoryLimitError, roundUp } from "./arena.ts";
import type { BatchMemory, Crew } from "./batch.ts";
import type { Matrix, ModelMemory } from "./model.ts";

/** Parameter tensors that take part: all matrices, or the embedding and the head alone. */
export type InfluenceTensors = "all" | "embedding and head";

/** What determines the buffers, beside the batch. */
export interface InfluenceShape {
  readonly tensors: InfluenceTensors;
  /** Vectors to multiply gradients with, or sums of gradients to make. */
  readonly vectors: number;
}

/** A parameter tensor [outputs, inputs] that takes part. */
export interface InfluenceGroup {
  /** First element in the flat array. */
  readonly place: number;
  readonly outputs: number;
  readonly inputs: number;
  /** The matrix whose gradient it is a part of; undefined for an embedding that is no head. */
  readonly matrix: Matrix | undefined;
  /** Its first output in that matrix. */
  readonly column: number;
  /** Whether tokens gather its rows: the embedding. */
  readonly gathered: boolean;
}

/** The tensors that take part, in the order of the flat array. */
export function influenceGroups(
  shape: TransformerShape,
  model: ModelMemory,
  tensors: InfluenceTensors,
): InfluenceGroup[] {
  const { width, vocabularySize, heads, keyValueHeads, headSize, feedForwardWidth, tiedEmbeddings } = shape;
  const { places } = model;
  /** Tensors whose rows follow each other in one matrix. */
  const partsOf = (matrix: Matrix, place: number, outputs: readonly number[]): InfluenceGroup[] => {
    let column = 0;
    return outputs.map((count) => {
      const first = column;
      column += count;
      const { inputs } = matrix;
      return {
        place: place + first * inputs,
        outputs: count,
        inputs,
        matrix,
        column: first,
        gathered: false,
      };
    });
  };
  const embedding: InfluenceGroup = {
    place: places.embedding,
    outputs: vocabularySize,
    inputs: width,
    matrix: tiedEmbeddings ? model.head : undefined,
    column: 0,
    gathered: true,
  };
  const layers = model.layers.flatMap((layer, i) => {
    const place = places.layers[i] as LayerPlaces; // Both lists have one entry a layer.
    return [
      ...partsOf(
        layer.queryKeyValue,
        place.queryKeyValue,
        [heads, keyValueHeads, keyValueHeads].map((count) => count * headSize),
      ),
      ...partsOf(layer.output, place.output, [width]),
      ...partsOf(layer.gateUp, place.gateUp, [feedForwardWidth, feedForwardWidth]),
      ...partsOf(layer.down, place.down, [width]),
    ];
  });
  return [
    embedding,
    ...(tensors === "all" ? layers : []),
    ...(tiedEmbeddings ? [] : partsOf(model.head, places.head, [vocabularySize])),
  ];
}

/** A vector in the shape of the parameters. */
export interface InfluenceVector {
  /** All parameters [count], in the flat order. */
  readonly values: number;
  /** For each group, its right panels of Vᵀ. */
  readonly panels: readonly number[];
  /** For each group, a weight for each position of the batch [rows]. */
  readonly rowWeights: readonly number[];
}

/** What one worker writes to on its own, in floats. */
export interface InfluenceScratch {
  /** Part of a product or of a gradient [160 × 256]. */
  readonly first: number;
  /** Part of a matrix of products between positions [160 × 160]. */
  readonly second: number;
  /** Right panels [256 × 256]. */
  readonly right: number;
}

/** The part of the layout that belongs to influence. */
export interface InfluenceMemory {
  readonly groups: readonly InfluenceGroup[];
  readonly vectors: readonly InfluenceVector[];
  /** Float64 results, [vectors + 1] × [sequences × groups]: the products with each vector, then the squared norms. */
  readonly results: number;
  readonly resultCount: number;
  /** Gradients of the logits of a sequence's own tokens, [sequences][length × length]. */
  readonly tokenGradients: number;
  readonly scratch: readonly InfluenceScratch[];
  readonly end: number;
}

/**
 * Lays out what influence needs behind a batch.
 *
 * @throws {MemoryLimitError} where that goes beyond 4 GiB.
 */
export function influenceMemory(
  shape: TransformerShape,
  model: ModelMemory,
  batch: BatchShape,
  memory: BatchMemory,
  influence: InfluenceShape,
  crew: Crew,
): InfluenceMemory {
  const groups = influenceGroups(shape, model, influence.tensors);
  const { sequences, length } = batch;
  const arena = new Arena(memory.end);
  const resultCount = (influence.vectors + 1) * sequences * groups.length;
  const layout = {
    groups,
    vectors: Array.from({ length: influence.vectors }, () => ({
      values: arena.floats(model.places.count),
      panels: groups.map(({ outputs, inputs, matrix }) =>
        arena.floats(matrix === undefined ? 0 : roundUp(outputs, 8) * roundUp(inputs, 4))
      ),
      rowWeights: groups.map(() => arena.floats(memory.rows)),
    })),
    results: arena.bytes(8 * resultCount),
    resultCount,
    tokenGradients: arena.floats(sequences * length * length),
    scratch: Array.from({ length: crew.workers }, () => ({
      first: arena.floats(160 * 256),
      second: arena.floats(160 * 160),
      right: arena.floats(256 * 256),
    })),
    end: arena.end,
  };
  if (layout.end > MEMORY_LIMIT) {
    const gigabytes = (layout.end / 2 ** 30).toFixed(1);
    throw new MemoryLimitError(
      `Influence of ${sequences} × ${length} tokens with ${influence.vectors} vectors of ${model.places.count} parameters needs ${gigabytes} GiB, more than the 4 GiB that WebAssembly addresses.`,
    );
  }
  return layout;
}
