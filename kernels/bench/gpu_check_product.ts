/**
 * Products against float64 sums on the host: random shapes, views, types and ways to finish.
 * @module
 */
import type { Device } from "../webgpu/device/device.ts";
import { product } from "../webgpu/ops/product.ts";
import type { Matrix, ProductOptions } from "../webgpu/ops/product_spec.ts";
import { Plan } from "../webgpu/plan/plan.ts";
import type { ProductChoice } from "../webgpu/tuning.ts";
import { numbers, words } from "./random.ts";

type Element = "f32" | "f16";

/** A view: its type, and elements before its first and after each of its rows. */
export interface ViewCase {
  readonly type: Element;
  readonly offset: number;
  readonly gap: number;
}

/** A product to check. */
export interface ProductCase {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly a: ViewCase;
  readonly b: ViewCase;
  readonly c: ViewCase;
  readonly accumulate: boolean;
  readonly residual: ViewCase | null;
  readonly scale: number;
  readonly choice?: ProductChoice;
}

/** "97x33x250 NT f16 f16 f32 + C + residual". */
export function describeCase(test: ProductCase): string {
  const { m, n, k, transposeA, transposeB, a, b, c, accumulate, residual, scale, choice } = test;
  const view = ({ type, offset, gap }: ViewCase) => `${type}@${offset}+${gap}`;
  return `${m}x${n}x${k} ${transposeA ? "T" : "N"}${transposeB ? "T" : "N"} ${view(a)} ${view(b)} ${
    view(c)
  }` +
    `${accumulate ? " + C" : ""}${residual ? ` + ${view(residual)}` : ""} · ${scale}${
      choice ? ` [${choice.tile} / ${choice.split}]` : ""
    }`;
}

/** Cases of random shape; with `aligned`, rows are whole pieces of 16 bytes, as tensor kernels need. */
export function randomCases(
  count: number,
  seed: number,
  types: readonly Element[],
  aligned: boolean,
  largest = 200,
): ProductCase[] {
  const random = words(seed);
  const below = (limit: number) => random() % limit;
  const coin = () => below(2) === 1;
  const unit = aligned ? 8 : 1;
  const size = () => unit * (1 + below(Math.ceil(largest / unit)));
  const view = (type = types[below(types.length)] ?? "f32"): ViewCase => ({
    type,
    offset: coin() ? 0 : unit * below(40),
    gap: coin() ? 0 : unit * below(5),
  });
  return Array.from({ length: count }, () => ({
    m: size(),
    n: size(),
    k: size() * (coin() ? 1 : 3),
    transposeA: coin(),
    transposeB: coin(),
    a: view(),
    b: view(),
    c: view(),
    accumulate: coin() && coin(),
    residual: coin() && coin() ? view() : null,
    scale: coin() ? 1 : 0.125,
  }));
}

interface Placed {
  readonly matrix: Matrix;
  readonly at: (row: number, column: number) => number;
}

/** A buffer with the view's numbers and poison (NaN) around them. */
function place(
  device: Device,
  name: string,
  rows: number,
  columns: number,
  view: ViewCase,
  values: Float32Array | null,
): Placed {
  const stride = columns + view.gap;
  const ArrayType = view.type === "f32" ? Float32Array : Float16Array;
  const stored = new ArrayType(view.offset + rows * stride + 3).fill(NaN);
  for (let row = 0; values && row < rows; row++) {
    stored.set(values.subarray(row * columns, (row + 1) * columns), view.offset + row * stride);
  }
  const buffer = device.buffer(name, stored.byteLength);
  device.write(buffer, stored);
  return {
    matrix: { buffer, type: view.type, offset: view.offset, stride },
    at: (row, column) => stored[view.offset + row * stride + column] ?? NaN,
  };
}

/**
 * Runs one product on poisoned memory.
 *
 * @returns ‖C − reference‖ / ‖reference‖ over C (NaN where an element was not written); Infinity where memory around C changed.
 */
export async function productError(device: Device, test: ProductCase, seed: number): Promise<number> {
  const { m, n, k, transposeA, transposeB, accumulate, scale } = test;
  const [aRows, aColumns] = transposeA ? [k, m] : [m, k];
  const [bRows, bColumns] = transposeB ? [n, k] : [k, n];
  const a = place(device, "a", aRows, aColumns, test.a, numbers(aRows * aColumns, seed));
  const b = place(device, "b", bRows, bColumns, test.b, numbers(bRows * bColumns, seed + 1));
  const c = place(device, "c", m, n, test.c, accumulate ? numbers(m * n, seed + 2) : null);
  const residual = test.residual && place(device, "residual", m, n, test.residual, numbers(m * n, seed + 3));
  const options: ProductOptions = {
    m,
    n,
    k,
    transposeA,
    transposeB,
    a: a.matrix,
    b: b.matrix,
    c: c.matrix,
    accumulate,
    scale,
    ...(residual ? { residual: residual.matrix } : {}),
  };
  new Plan(device, await product(device, "check", options, test.choice)).submit();
  const bytes = await device.read(c.matrix.buffer);
  const result = test.c.type === "f32" ? new Float32Array(bytes) : new Float16Array(bytes);
  for (const { matrix } of [a, b, c, ...(residual ? [residual] : [])]) matrix.buffer.destroy();

  let difference = 0;
  let total = 0;
  const { offset, gap } = test.c;
  for (let row = 0; row < m; row++) {
    for (let column = 0; column < n; column++) {
      let sum = 0;
      for (let inner = 0; inner < k; inner++) {
        sum += (transposeA ? a.at(inner, row) : a.at(row, inner)) *
          (transposeB ? b.at(column, inner) : b.at(inner, column));
      }
      sum *= scale;
      if (accumulate) sum += c.at(row, column);
      if (residual) sum += residual.at(row, column);
      const index = offset + row * (n + gap) + column;
      difference += ((result[index] ?? NaN) - sum) ** 2;
      total += sum ** 2;
      result[index] = NaN;
    }
  }
  // The buffer is a few elements longer than what was written: those hold zeros.
  const written = offset + m * (n + gap) + 3;
  if (result.subarray(0, written).some((value) => !Number.isNaN(value))) return Infinity;
  return Math.sqrt(difference / total);
}

/** The error that a case may have: a few roundings of f16 storage, or of f32 sums. */
export function tolerance({ a, b, c, residual }: ProductCase): number {
  return [a, b, c, ...(residual ? [residual] : [])].some(({ type }) => type === "f16") ? 5e-3 : 1e-5;
}
