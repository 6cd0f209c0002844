/**
 * Gradients of single sequences, of some rows of one matrix at a time, and their squared norms.
 *
 * A product whose k is split into one range for each sequence leaves each sequence's gradient where a training step leaves partial
 * sums. They live only until the next dispatch has squared them.
 * @module
 */
import type { Device } from "../device/device.ts";
import type { Dispatch } from "../plan/dispatch.ts";
import { productTiles, type RatedTile } from "../tiles.ts";
import { expectedMicroseconds } from "../tuning.ts";
import { gramNorms, gramWork } from "./influence_gram.ts";
import { sequenceDots, type SequenceRows } from "./influence_parts.ts";
import { dispatch } from "./kernel.ts";
import type { Matrix } from "./product_spec.ts";
import { bindProduct, type ProductSpec } from "./product_spec.ts";
import { partialSums } from "./product_sum.ts";
import { suitsTensor, tensorKernel } from "./product_tensor.ts";
import { tileGrid } from "./product_tile.ts";
import { vectorKernel } from "./product_vector.ts";

/** Most bytes of gradients that exist at a time, where 64 rows of every sequence's are no more. */
const GRADIENT_BYTES = 64 * 2 ** 20;

/** Rows of a gradient that a part of it is a multiple of, so that the tensor kernel can read its columns of dy. */
const ROW_UNIT = 64;

/**
 * Multiply-adds and bytes in a microsecond that the choice between gradients and products of positions has in mind: an H100's, with the
 * speed of `gramNorms` an estimate.
 */
const speed = { tensor: 1.2e8, vector: 1.5e7, gram: 6e6, bandwidth: 2e6 } as const;

/** A linear layer's factors of its gradient. */
export interface GradientFactors {
  /** [rows × inputs]. */
  readonly x: Matrix;
  /** [rows × outputs]. */
  readonly dy: Matrix;
  readonly parts: GPUBufferBinding;
}

/** Sizes of a linear layer over whole sequences. */
export interface GradientShape extends SequenceRows {
  readonly inputs: number;
  readonly outputs: number;
}

/** parts += ‖dyᵀ·x‖² of each sequence, by whichever way is cheaper. */
export function gradientNorms(
  device: Device,
  label: string,
  shape: GradientShape,
  factors: GradientFactors,
): Promise<Dispatch[]> {
  const { sequences, length, inputs, outputs } = shape;
  const kernel = device.tier === "tensor" ? "tensor" : "vector";
  const own = sequences * outputs * inputs;
  const direct = length * own / speed[kernel] + 8 * own / speed.bandwidth;
  const gram = sequences * gramWork(length, inputs, outputs) / speed.gram;
  return suitsGradients(length) && direct < gram
    ? directNorms(device, label, shape, factors)
    : Promise.all([gramNorms(device, `${label} norms`, shape, factors)]);
}

/** Whether sequences end where the steps of every tile do. */
export function suitsGradients(length: number): boolean {
  return [...productTiles.values()].every(({ tile }) => length % tile.k === 0);
}

/** parts += ‖dyᵀ·x‖² of each sequence from the gradients themselves; `suitsGradients` says for which lengths. */
export async function directNorms(
  device: Device,
  label: string,
  { sequences, length, inputs, outputs }: GradientShape,
  { x, dy, parts }: GradientFactors,
): Promise<Dispatch[]> {
  const unitBytes = 4 * sequences * inputs * ROW_UNIT;
  const most = ROW_UNIT * Math.max(1, Math.floor(GRADIENT_BYTES / unitBytes));
  const dispatches: Dispatch[] = [];
  for (let first = 0; first < outputs; first += most) {
    const count = Math.min(most, outputs - first);
    const gradients = device.scratch(4 * sequences * count * inputs);
    const matrix: Matrix = { buffer: gradients, type: "f32" };
    dispatches.push(
      await sequenceGradients(device, `${label} gradients`, { sequences, length, inputs, outputs: count }, {
        x,
        dy: { ...dy, offset: (dy.offset ?? 0) + first, stride: dy.stride ?? outputs },
        gradients,
      }),
      await sequenceDots(device, `${label} norms`, { sequences, length: count, width: inputs }, {
        a: matrix,
        b: matrix,
        parts,
      }),
    );
  }
  return dispatches;
}

/** gradients [sequences · outputs × inputs] = dyᵀ·x of each sequence. */
function sequenceGradients(
  device: Device,
  label: string,
  { sequences, length, inputs, outputs }: GradientShape,
  { x, dy, gradients }: { readonly x: Matrix; readonly dy: Matrix; readonly gradients: GPUBuffer },
): Promise<Dispatch> {
  const { spec, buffers } = bindProduct(label, {
    m: outputs,
    n: inputs,
    k: sequences * length,
    transposeA: true,
    a: dy,
    b: x,
    c: { buffer: gradients, type: "f32" },
  });
  const all: ProductSpec = { ...spec, c: partialSums(spec, sequences) };
  const { tile } = fastestTile(device, all, sequences);
  const grid = tileGrid(all, tile, sequences);
  const bound = { ...buffers, c: { buffer: gradients } };
  return dispatch(
    device,
    tile.kernel === "tensor"
      ? tensorKernel(label, all, tile, grid, bound)
      : vectorKernel(label, all, tile, grid, bound),
  );
}

function fastestTile(device: Device, spec: ProductSpec, ranges: number): RatedTile {
  const kernel = device.tier === "tensor" && suitsTensor(spec) ? "tensor" : "vector";
  const time = (rated: RatedTile) => expectedMicroseconds(spec, rated, ranges);
  // There are tiles of both kinds.
  return [...productTiles.values()].filter(({ tile }) => tile.kernel === kernel).reduce((a, b) =>
    time(b) < time(a) ? b : a
  );
}
