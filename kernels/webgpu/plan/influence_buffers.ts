/**
 * What influence needs beside a batch's activations: vectors in the shape of the parameters, and small results.
 * @module
 */
import { clear } from "../ops/reduce.ts";
import type { Device } from "../device/device.ts";
import { castScaled } from "../ops/influence_rows.ts";
import { PARTS } from "../ops/influence_parts.ts";
import { bytesOf } from "../ops/kernel.ts";
import type { Matrix } from "../ops/product_spec.ts";
import type { InfluenceGroup } from "./influence_groups.ts";
import { Plan } from "./plan.ts";
import type { Activations, BatchShape } from "./transformer_activations.ts";
import { inOrder, type Pending } from "./transformer_forward.ts";
import { ParameterBuffers, type Place, type TransformerShape } from "./transformer_parameters.ts";

/** log₂ of the largest magnitude of a vector's matrix in f16: products add up in f32, so that only its small entries matter. */
const LARGEST = 14;

/** Floats that a dispatch's own scalars are apart, so that each can be bound. */
const SLOT = 64;

/** A vector in the shape of the parameters: what gradients are multiplied with, or their sum. */
export class InfluenceVector {
  /** In f32, and in f16 for products. */
  readonly #values: ParameterBuffers;
  /** What each matrix was multiplied by before it was rounded to f16. */
  readonly #scales = new Map<Place, number>();
  readonly #scaleBuffer: GPUBuffer;

  private constructor(
    private readonly device: Device,
    values: ParameterBuffers,
    scaleBuffer: GPUBuffer,
    private readonly places: readonly Place[],
    private readonly cast: Plan | null,
    /** Sets all of it to 0. */
    readonly clear: Plan,
  ) {
    this.#values = values;
    this.#scaleBuffer = scaleBuffer;
  }

  /** @param groups Tensors that products read. */
  static async create(
    device: Device,
    shape: TransformerShape,
    groups: readonly InfluenceGroup[],
  ): Promise<InfluenceVector> {
    const values = new ParameterBuffers(device, shape, "weights");
    const places = [...new Set(groups.map(({ place }) => place))];
    const scales = device.buffer("scales", 4 * SLOT * places.length);
    const casts: Pending[] = values.element === "f32"
      ? []
      : places.map((place, i) =>
        castScaled(device, "cast vector", place.size, {
          values: values.binding("weights", place),
          scale: { buffer: scales, offset: 4 * SLOT * i, size: 4 },
          target: values.workingBinding(place),
        })
      );
    const clears = values.weights.map((buffer, i) =>
      // There is a number of elements for each segment.
      clear(device, "clear sum", values.places.segments[i] as number, buffer)
    );
    return new InfluenceVector(
      device,
      values,
      scales,
      places,
      casts.length === 0 ? null : new Plan(device, await inOrder(casts)),
      new Plan(device, await inOrder(clears)),
    );
  }

  /** Takes values in the flat order. */
  write(values: Float32Array): void {
    this.#values.write("weights", values);
    if (this.cast === null) return;
    const scales = new Float32Array(SLOT * this.places.length);
    for (const [i, place] of this.places.entries()) {
      const scale = scaleOf(values, this.#flat(place), place.size);
      this.#scales.set(place, scale);
      scales[SLOT * i] = scale;
    }
    this.device.write(this.#scaleBuffer, scales);
    this.cast.submit();
  }

  /** What products with a tensor of the vector have to be divided by. */
  scale({ place }: InfluenceGroup): number {
    return this.#scales.get(place) ?? 1;
  }

  /** A tensor [outputs × inputs] as products read it. */
  factor(group: InfluenceGroup): Matrix {
    return rowsOf(this.#values.matrix(group.place), group);
  }

  /** A tensor [outputs × inputs] as products add to it. */
  sum(group: InfluenceGroup): Matrix {
    return rowsOf(this.#values.masterMatrix(group.place), group);
  }

  /** A whole matrix, as `sum`. */
  sumBinding({ place }: InfluenceGroup): GPUBufferBinding {
    return this.#values.binding("weights", place);
  }

  /** Its values in the flat order. */
  read(): Promise<Float32Array> {
    return this.#values.read("weights");
  }

  #flat(place: Place): number {
    const copy = this.#values.places.copies.find(({ segment, offset }) =>
      segment === place.segment && offset === place.offset
    );
    // Every place is in the flat order.
    return copy?.flat as number;
  }
}

/** The power of two that brings the largest magnitude to 2^LARGEST at most; 1 where there is none. */
function scaleOf(values: Float32Array, first: number, count: number): number {
  let largest = 0;
  for (let i = first; i < first + count; i++) largest = Math.max(largest, Math.abs(values[i] as number));
  return largest > 0 && largest < Infinity ? 2 ** (LARGEST - Math.ceil(Math.log2(largest))) : 1;
}

function rowsOf(matrix: Matrix, { firstOutput, inputs }: InfluenceGroup): Matrix {
  return { ...matrix, offset: (matrix.offset ?? 0) + firstOutput * inputs };
}

/** What a batch's passes share. */
export class InfluenceBuffers {
  /** Parts of the results, [vectors + 1] × [groups] × [sequences × PARTS]: the products with each vector, then the squared norms. */
  readonly parts: GPUBuffer;
  readonly partCount: number;
  /** [vectors + 1] × [groups × sequences]. */
  readonly results: GPUBuffer;
  readonly resultCount: number;
  /** Coefficients of each vector's and group's sequences, [vectors × groups] of `coefficientStride`. */
  readonly coefficients: GPUBuffer;
  readonly coefficientStride: number;
  /** A vector's product with outputs' gradients or inputs, in f32, or inputs with each row weighted. */
  readonly rows: GPUBuffer;
  /** As `keepTokenGradients` [rows × length]. */
  readonly tokenGradients: GPUBuffer;

  constructor(
    device: Device,
    private readonly batch: BatchShape,
    private readonly groups: readonly InfluenceGroup[],
    { rows, element }: Activations,
    vectors: number,
  ) {
    const { sequences, length } = batch;
    this.resultCount = (vectors + 1) * groups.length * sequences;
    this.partCount = PARTS * this.resultCount;
    this.parts = device.buffer("influenceParts", 4 * this.partCount);
    this.results = device.buffer("influenceResults", 4 * this.resultCount);
    this.coefficientStride = Math.ceil(sequences / SLOT) * SLOT;
    this.coefficients = device.buffer("coefficients", 4 * vectors * groups.length * this.coefficientStride);
    const widest = Math.max(...groups.map(({ inputs }) => inputs));
    this.rows = device.buffer("influenceRows", 4 * rows * widest);
    const kept = groups.some(({ gathered, multiplied }) => gathered && multiplied);
    this.tokenGradients = device.buffer("tokenGradients", kept ? bytesOf(element) * rows * length : 0);
  }

  /** The parts of a vector (or of the norms, which come last), a group and the sequences from `first` on. */
  partsOf(vector: number, { index }: InfluenceGroup, first = 0): GPUBufferBinding {
    const { sequences } = this.batch;
    const place = (vector * this.groups.length + index) * sequences;
    return { buffer: this.parts, offset: 4 * PARTS * (place + first), size: 4 * PARTS * (sequences - first) };
  }

  /** The coefficients of a vector's and group's sequences. */
  coefficientsOf(vector: number, { index }: InfluenceGroup): GPUBufferBinding {
    const place = vector * this.groups.length + index;
    return {
      buffer: this.coefficients,
      offset: 4 * this.coefficientStride * place,
      size: 4 * this.batch.sequences,
    };
  }

  /** Frees the memory. */
  destroy(): void {
    for (const buffer of [this.parts, this.results, this.coefficients, this.rows, this.tokenGradients]) {
      buffer.destroy();
    }
  }
}
