/**
 * A model's weights as generation reads them: matrices in one of three formats, norms in f32.
 * @module
 */
import { parameterPlaces, queryKeyValueWidth, type TransformerShape } from "../../wasm/shape.ts";
import type { Device } from "../device/device.ts";
import type { Element } from "../ops/kernel.ts";
import { storedBytes, type StoredMatrix, storeValues, writeValues } from "../ops/decode/stored_matrix.ts";

/** A layer's weights. */
export interface DecodeLayer {
  /** [D]. */
  readonly attentionNorm: GPUBuffer;
  /** [(H + 2K)·d × D]. */
  readonly queryKeyValue: StoredMatrix;
  /** Of q and of k [2 × d]; null where their norm has none. */
  readonly headNorms: GPUBuffer | null;
  /** [D × H·d]. */
  readonly output: StoredMatrix;
  /** [D]. */
  readonly feedForwardNorm: GPUBuffer;
  /** [2F × D]. */
  readonly gateUp: StoredMatrix;
  /** [D × F]. */
  readonly down: StoredMatrix;
}

/** All weights. */
export interface DecodeWeights {
  /** [V × D]. */
  readonly embedding: StoredMatrix;
  readonly layers: readonly DecodeLayer[];
  /** [D]. */
  readonly finalNorm: GPUBuffer;
  /** [V × D]; the embedding where the head is tied to it. */
  readonly head: StoredMatrix;
  /** Whether inputs of products are rounded to 8 bits. */
  readonly rounded: boolean;
}

/** Where weights come from; layers count from 0, and what belongs to none of them has layer −1. */
export interface WeightSource {
  matrix(
    name: "embedding" | "head" | "queryKeyValue" | "output" | "gateUp" | "down",
    layer: number,
  ): StoredMatrix;
  norm(name: "attentionNorm" | "feedForwardNorm" | "headNorms" | "finalNorm", layer: number): Float32Array;
}

/** Puts a source's weights on the device. */
export function storeWeights(
  device: Device,
  shape: TransformerShape,
  source: WeightSource,
  rounded: boolean,
): DecodeWeights {
  const norm = (name: Parameters<WeightSource["norm"]>[0], layer: number) => {
    const values = source.norm(name, layer);
    const buffer = device.buffer(name, values.byteLength);
    device.write(buffer, values);
    return buffer;
  };
  const embedding = source.matrix("embedding", -1);
  return {
    embedding,
    layers: Array.from({ length: shape.layers }, (_, layer) => ({
      attentionNorm: norm("attentionNorm", layer),
      queryKeyValue: source.matrix("queryKeyValue", layer),
      headNorms: shape.queryKeyNorm === "before rope, weighted" ? norm("headNorms", layer) : null,
      output: source.matrix("output", layer),
      feedForwardNorm: norm("feedForwardNorm", layer),
      gateUp: source.matrix("gateUp", layer),
      down: source.matrix("down", layer),
    })),
    finalNorm: norm("finalNorm", -1),
    head: shape.tiedEmbeddings ? embedding : source.matrix("head", -1),
    rounded,
  };
}

/** Weights in the flat order of parameters, stored in the device's element type. */
export function flatSource(device: Device, shape: TransformerShape, flat: Float32Array): WeightSource {
  const { matrix, norm } = flatValues(shape, flat);
  return {
    matrix(name, layer) {
      const { values, columns } = matrix(name, layer);
      return storeValues(device, name, values, columns, elementOf(device));
    },
    norm,
  };
}

/** Writes other weights in the flat order of parameters over those that `flatSource` gave. */
export function overwriteWeights(
  device: Device,
  shape: TransformerShape,
  { embedding, head, layers, finalNorm }: DecodeWeights,
  flat: Float32Array,
): void {
  const { matrix, norm } = flatValues(shape, flat);
  writeValues(device, embedding, matrix("embedding", -1).values);
  if (head !== embedding) writeValues(device, head, matrix("head", -1).values);
  for (const [i, layer] of layers.entries()) {
    for (const name of ["queryKeyValue", "output", "gateUp", "down"] as const) {
      writeValues(device, layer[name], matrix(name, i).values);
    }
    device.write(layer.attentionNorm, norm("attentionNorm", i));
    device.write(layer.feedForwardNorm, norm("feedForwardNorm", i));
    if (layer.headNorms !== null) device.write(layer.headNorms, norm("headNorms", i));
  }
  device.write(finalNorm, norm("finalNorm", -1));
}

/** Where each matrix and each norm stands among flat weights; names and layers as in `WeightSource`. */
function flatValues(shape: TransformerShape, flat: Float32Array) {
  const places = parameterPlaces(shape);
  const { width, heads, headSize, feedForwardWidth, vocabularySize } = shape;
  const sizes = {
    embedding: [vocabularySize, width],
    head: [vocabularySize, width],
    queryKeyValue: [queryKeyValueWidth(shape), width],
    output: [width, heads * headSize],
    gateUp: [2 * feedForwardWidth, width],
    down: [width, feedForwardWidth],
  } as const;
  return {
    matrix(name: keyof typeof sizes, layer: number) {
      const [rows, columns] = sizes[name];
      // Every layer has its places.
      const at = name === "embedding" || name === "head"
        ? places[name]
        : places.layers[layer]?.[name] as number;
      return { values: flat.subarray(at, at + rows * columns), columns };
    },
    norm(name: Parameters<WeightSource["norm"]>[0], layer: number) {
      if (name === "finalNorm") return flat.subarray(places.finalNorm, places.finalNorm + width);
      // As above; the norms of q and k stand side by side.
      const own = places.layers[layer] as typeof places.layers[number];
      if (name === "headNorms") {
        const at = own.headNorms?.query as number;
        return flat.subarray(at, at + 2 * headSize);
      }
      return flat.subarray(own[name], own[name] + width);
    },
  };
}

/** What generation computes and stores in on a device, beside 4-bit weights. */
export function elementOf({ tier }: Device): Element {
  return tier === "f32" ? "f32" : "f16";
}

/** Bytes that the weights take. */
export function weightBytes({ embedding, head, layers, finalNorm }: DecodeWeights): number {
  const matrices = new Set([
    embedding,
    head,
    ...layers.flatMap(({ queryKeyValue, output, gateUp, down }) => [queryKeyValue, output, gateUp, down]),
  ]);
  const norms = [
    finalNorm,
    ...layers.flatMap(({ attentionNorm, feedForwardNorm, headNorms }) => [
      attentionNorm,
      feedForwardNorm,
      ...(headNorms ? [headNorms] : []),
    ]),
  ];
  return [...matrices].reduce((sum, matrix) => sum + storedBytes(matrix), 0) +
    norms.reduce((sum, { size }) => sum + size, 0);
}
