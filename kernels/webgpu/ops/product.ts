/**
 * Matrix products: C = scale · op(A) · op(B), plus what C held or a residual; any shape, row-major views into larger buffers.
 * @module
 */
import type { Device } from "../device/device.ts";
import { KernelError } from "../device/errors.ts";
import type { Dispatch } from "../plan/dispatch.ts";
import { productTiles } from "../tiles.ts";
import { choicesFor, type ProductChoice, productKey } from "../tuning.ts";
import { dispatch } from "./kernel.ts";
import { bindProduct, type ProductBuffers, type ProductOptions, type ProductSpec } from "./product_spec.ts";
import { partialSums, sumKernel } from "./product_sum.ts";
import { suitsTensor, tensorKernel } from "./product_tensor.ts";
import { tileGrid } from "./product_tile.ts";
import { vectorKernel } from "./product_vector.ts";

/**
 * The dispatches that compute a product, in order: one, or two where k is split into ranges.
 *
 * On the tensor tier f16 operands whose rows are whole pieces of 16 bytes go through the tensor cores. Sums are f32 in every tier,
 * in an order that depends only on the sizes and the choice.
 *
 * @param choice How to divide the work; default: what the device's tuning says, or else an estimate.
 * @throws {KernelError} for sizes that are no positive whole numbers and views outside of their buffers.
 */
export async function product(
  device: Device,
  label: string,
  options: ProductOptions,
  choice?: ProductChoice,
): Promise<Dispatch[]> {
  const { spec, buffers } = bindProduct(label, options);
  const kernel = device.tier === "tensor" && suitsTensor(spec) ? "tensor" : "vector";
  const { tile: name, split } = choice ?? tunedChoice(device, spec, kernel) ??
    bestChoice(device, spec, kernel);
  const tile = productTiles.get(name)?.tile;
  if (!tile || (tile.kernel === "tensor" && kernel === "vector")) {
    throw new KernelError(
      `Product ${label}: tile "${name}" cannot compute ${productKey(spec)} on the ${device.tier} tier.`,
    );
  }
  const grid = tileGrid(spec, tile, split);
  const kernelOf = (spec: ProductSpec, buffers: ProductBuffers) =>
    tile.kernel === "tensor"
      ? tensorKernel(label, spec, tile, grid, buffers)
      : vectorKernel(label, spec, tile, grid, buffers);
  if (grid.split === 1) return [await dispatch(device, kernelOf(spec, buffers))];

  const c = partialSums(spec, grid.split);
  const partial = { buffer: device.scratch(4 * c.rows * c.columns) };
  const first = { ...spec, c, residual: null, accumulate: false, scale: 1 };
  return Promise.all([
    dispatch(device, kernelOf(first, { ...buffers, c: partial, residual: null })),
    dispatch(device, sumKernel(label, spec, grid.split, partial, buffers.c, buffers.residual)),
  ]);
}

/** What was measured for this product, where that was on the same kind of kernel: a tuning serves all tiers of an adapter. */
function tunedChoice(device: Device, spec: ProductSpec, kernel: "tensor" | "vector"): ProductChoice | null {
  const tuned = device.tuning.products[productKey(spec)];
  return tuned && productTiles.get(tuned.tile)?.tile.kernel === kernel ? tuned : null;
}

/** The choice expected to be fastest whose partial sums fit into one binding. */
function bestChoice(device: Device, spec: ProductSpec, kernel: "tensor" | "vector"): ProductChoice {
  const { maxStorageBufferBindingSize } = device.gpu.limits;
  const [best] = choicesFor(spec, kernel, maxStorageBufferBindingSize / (4 * spec.m * spec.n));
  if (!best) throw new KernelError(`No tile for ${productKey(spec)}.`);
  return best;
}
