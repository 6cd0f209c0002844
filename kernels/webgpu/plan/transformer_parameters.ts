/**
 * Where a model's parameters lie on a device, and the buffers of weights, moments and gradients.
 *
 * The flat order of parameters (wasm/shape.ts) is sorted by kind, so that an update is one dispatch for each kind; every
 * matrix begins at a multiple of 128 elements, which may be a binding's offset in f32 and in f16; and the whole is cut
 * between matrices into segments of at most 1 GiB, or as large as a binding may be where one matrix needs more. What pads a
 * matrix stays 0.
 * @module
 */
import {
  parameterPlaces as flatPlaces,
  queryKeyValueWidth,
  type TransformerShape,
} from "../../wasm/shape.ts";
import type { Device } from "../device/device.ts";
import { OutOfDeviceMemoryError } from "../device/errors.ts";
import type { Element } from "../ops/kernel.ts";
import type { Matrix } from "../ops/product_spec.ts";

export type { TransformerShape };

/** Kinds of parameters in their order on the device. */
export const KINDS = ["norm", "linear", "embedding", "head"] as const;

/** A matrix or a vector of parameters. */
export interface Place {
  readonly segment: number;
  /** First element within its segment, a multiple of 128. */
  readonly offset: number;
  readonly size: number;
}

/** Places of a layer's parameters; shapes as in the flat order. */
export interface LayerPlaces {
  readonly attentionNorm: Place;
  readonly feedForwardNorm: Place;
  readonly queryKeyValue: Place;
  /** Weights of the norms of q and of k [2 × d]; null where those have none. */
  readonly headNorms: Place | null;
  readonly output: Place;
  readonly gateUp: Place;
  readonly down: Place;
}

/** Places of all parameters. */
export interface ParameterPlaces {
  /** Elements of each segment. */
  readonly segments: readonly number[];
  readonly layers: readonly LayerPlaces[];
  readonly finalNorm: Place;
  readonly embedding: Place;
  /** The embedding's place where the head is tied to it. */
  readonly head: Place;
  /** Elements from one norm's weight to the next; all of them are neighbours, two a layer and the final one. */
  readonly normStride: number;
  /** The same for the norms of queries and keys. */
  readonly headNormStride: number;
  /** Neighbours of one kind within a segment. */
  readonly runs: readonly (Place & { readonly kind: number })[];
  /** Each place with its first element in the flat order. */
  readonly copies: readonly (Place & { readonly flat: number })[];
  /** Elements of the flat order. */
  readonly count: number;
}

/** Elements that every place is aligned to: 256 bytes in f16. */
const ALIGNMENT = 128;

/** Bytes of a segment in f32, unless one matrix needs more. */
const SEGMENT_BYTES = 2 ** 30;

/**
 * Sorts and aligns the parameters.
 *
 * @param limit Most elements of a segment.
 * @throws {OutOfDeviceMemoryError} where one matrix alone is larger.
 *
 * @example
 * ```ts
 * import { parameterPlaces } from "./transformer_parameters.ts";
 * import assert from "node:assert/strict";
 * const shape = {
 *   vocabularySize: 10, width: 4, layers: 1, heads: 1, keyValueHeads: 1, headSize: 4, feedForwardWidth: 8,
 *   ropeTheta: 1e4, ropeScaling: null, normEpsilon: 1e-5, queryKeyNorm: "after rope" as const, tiedEmbeddings: true,
 * };
 * const places = parameterPlaces(shape, 1024);
 * assert.deepEqual(places.segments, [1024]);
 * assert.equal(places.layers[0]?.queryKeyValue.offset, 3 * 128);
 * ```
 */
export function parameterPlaces(shape: TransformerShape, limit: number): ParameterPlaces {
  const { width, heads, headSize, feedForwardWidth, vocabularySize } = shape;
  const flat = flatPlaces(shape);
  const segments = [0];
  const runs: { segment: number; offset: number; size: number; kind: number }[] = [];
  const copies: (Place & { flat: number })[] = [];
  const take = (kind: typeof KINDS[number], from: number, size: number): Place => {
    const padded = aligned(size);
    if (padded > limit) {
      throw new OutOfDeviceMemoryError(
        `A matrix of ${size} parameters is larger than the ${limit} that one binding of this device holds.`,
      );
    }
    // There is always a last segment.
    if ((segments.at(-1) as number) + padded > limit) segments.push(0);
    const segment = segments.length - 1;
    const offset = segments[segment] as number;
    segments[segment] = offset + padded;
    const run = runs.at(-1);
    if (run?.segment === segment && KINDS[run.kind] === kind) run.size += padded;
    else runs.push({ segment, offset, size: padded, kind: KINDS.indexOf(kind) });
    const place = { segment, offset, size };
    copies.push({ ...place, flat: from });
    return place;
  };
  const norms = flat.layers.map(({ attentionNorm, feedForwardNorm }) => ({
    attentionNorm: take("norm", attentionNorm, width),
    feedForwardNorm: take("norm", feedForwardNorm, width),
  }));
  const finalNorm = take("norm", flat.finalNorm, width);
  const headNorms = flat.layers.map(({ headNorms }) =>
    headNorms === undefined ? null : take("norm", headNorms.query, 2 * headSize)
  );
  const layers = flat.layers.map((layer, i) => ({
    // One entry a layer.
    ...norms[i] as typeof norms[number],
    headNorms: headNorms[i] as typeof headNorms[number],
    queryKeyValue: take("linear", layer.queryKeyValue, queryKeyValueWidth(shape) * width),
    output: take("linear", layer.output, width * heads * headSize),
    gateUp: take("linear", layer.gateUp, 2 * feedForwardWidth * width),
    down: take("linear", layer.down, width * feedForwardWidth),
  }));
  const embedding = take("embedding", flat.embedding, vocabularySize * width);
  const head = shape.tiedEmbeddings ? embedding : take("head", flat.head, vocabularySize * width);
  return {
    segments,
    layers,
    finalNorm,
    embedding,
    head,
    normStride: aligned(width),
    headNormStride: aligned(2 * headSize),
    runs,
    copies,
    count: flat.count,
  };
}

function aligned(size: number): number {
  return Math.ceil(size / ALIGNMENT) * ALIGNMENT;
}

/** Flat arrays over the places: a checkpoint's content, and the gradient. */
export type ParameterArray = "weights" | "firstMoment" | "secondMoment" | "gradient";

/** The parameters' buffers, one of each kind a segment. */
export class ParameterBuffers {
  readonly places: ParameterPlaces;
  readonly weights: readonly GPUBuffer[];
  readonly firstMoment: readonly GPUBuffer[];
  readonly secondMoment: readonly GPUBuffer[];
  readonly gradient: readonly GPUBuffer[];
  /** The weights that products read: an f16 copy, or the weights themselves on the f32 tier. */
  readonly working: readonly GPUBuffer[];
  readonly element: Element;
  readonly #device: Device;

  /** @param arrays What is to be held: all that training needs, or the weights alone. */
  constructor(device: Device, readonly shape: TransformerShape, arrays: "all" | "weights" = "all") {
    const { maxStorageBufferBindingSize, maxBufferSize } = device.gpu.limits;
    const { vocabularySize, width, feedForwardWidth } = shape;
    const wanted = Math.max(
      SEGMENT_BYTES,
      4 * width * Math.max(vocabularySize, 2 * feedForwardWidth) + 4 * ALIGNMENT,
    );
    const bytes = Math.min(wanted, maxStorageBufferBindingSize, maxBufferSize);
    this.#device = device;
    this.places = parameterPlaces(shape, Math.floor(bytes / 4 / ALIGNMENT) * ALIGNMENT);
    this.element = device.tier === "f32" ? "f32" : "f16";
    const make = (name: string, size: number) =>
      this.places.segments.map((count, i) => device.buffer(`${name}.${i}`, size * count));
    const makeForTraining = (name: string) => arrays === "all" ? make(name, 4) : [];
    this.weights = make("weights", 4);
    this.firstMoment = makeForTraining("firstMoment");
    this.secondMoment = makeForTraining("secondMoment");
    this.gradient = makeForTraining("gradient");
    this.working = this.element === "f32" ? this.weights : make("working", 2);
  }

  /** A matrix as products read it. */
  matrix({ segment, offset }: Place): Matrix {
    return { buffer: at(this.working, segment), type: this.element, offset };
  }

  /** The gradient of a matrix as products add to it. */
  gradientMatrix({ segment, offset }: Place): Matrix {
    return { buffer: at(this.gradient, segment), type: "f32", offset };
  }

  /** A matrix in f32. */
  masterMatrix({ segment, offset }: Place): Matrix {
    return { buffer: at(this.weights, segment), type: "f32", offset };
  }

  /** A place in one of the f32 arrays as a binding. */
  binding(name: ParameterArray, { segment, offset, size }: Place): GPUBufferBinding {
    return { buffer: at(this[name], segment), offset: 4 * offset, size: 4 * size };
  }

  /** A place in the working weights as a binding. */
  workingBinding({ segment, offset, size }: Place): GPUBufferBinding {
    const bytes = this.element === "f32" ? 4 : 2;
    return { buffer: at(this.working, segment), offset: bytes * offset, size: bytes * size };
  }

  /** Copies an array in the flat order to the device. */
  write(name: ParameterArray, values: Float32Array): void {
    for (const { segment, offset, size, flat } of this.places.copies) {
      this.#device.write(at(this[name], segment), values.subarray(flat, flat + size), 4 * offset);
    }
  }

  /** An array in the flat order, each value multiplied by `factor`. */
  async read(name: ParameterArray, factor = 1): Promise<Float32Array> {
    const result = new Float32Array(this.places.count);
    for (const [segment, buffer] of this[name].entries()) {
      const values = new Float32Array(await this.#device.read(buffer));
      if (factor !== 1) {
        for (let i = 0; i < values.length; i++) values[i] = factor * (values[i] as number);
      }
      for (const place of this.places.copies) {
        if (place.segment !== segment) continue;
        result.set(values.subarray(place.offset, place.offset + place.size), place.flat);
      }
    }
    return result;
  }
}

/** The buffer of a segment, which exists for every place. */
function at(buffers: readonly GPUBuffer[], segment: number): GPUBuffer {
  return buffers[segment] as GPUBuffer;
}
