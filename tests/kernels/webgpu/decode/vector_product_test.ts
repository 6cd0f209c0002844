import type { Device } from "../../../../kernels/webgpu/device/device.ts";
import {
  type StoredMatrix,
  storePacked,
  storeValues,
} from "../../../../kernels/webgpu/ops/decode/stored_matrix.ts";
import { vectorProduct } from "../../../../kernels/webgpu/ops/decode/vector_product.ts";
import { dequantise, quantise } from "../../../../lib/model/quantise.ts";
import { assertClose, Bench } from "../support.ts";

const EPSILON = 1e-5;

/** x·Wᵀ [rows × outputs] in 64 bits, of rows that may be normalised and rounded. */
function reference(
  x: Float32Array,
  weights: Float32Array,
  columns: number,
  norm: Float32Array | null,
  rounded: boolean,
): Float32Array {
  const rows = x.length / columns;
  const outputs = weights.length / columns;
  const result = new Float32Array(rows * outputs);
  for (let row = 0; row < rows; row++) {
    let own = Array.from(x.subarray(row * columns, (row + 1) * columns));
    if (norm !== null) {
      const scale = 1 / Math.sqrt(own.reduce((sum, value) => sum + value ** 2, 0) / columns + EPSILON);
      own = own.map((value, i) => value * scale * (norm[i] ?? NaN));
    }
    if (rounded) {
      const step = Math.max(...own.map(Math.abs)) / 127;
      own = own.map((value) => Math.round(value / step) * step);
    }
    for (let output = 0; output < outputs; output++) {
      const sum = own.reduce((sum, value, i) => sum + value * (weights[output * columns + i] ?? NaN), 0);
      result[row * outputs + output] = sum;
    }
  }
  return result;
}

/** A device whose subgroups have no known size. */
function withoutSubgroups(device: Device): Device {
  return { subgroups: null, pipeline: device.pipeline.bind(device) } as unknown as Device;
}

const cases = [
  { name: "one row", rows: 1, columns: 576, outputs: 70, normed: true, rounded: false, subgroups: true },
  {
    name: "rows, no whole pieces",
    rows: 5,
    columns: 20,
    outputs: 7,
    normed: true,
    rounded: false,
    subgroups: true,
  },
  {
    name: "a wide head",
    rows: 2,
    columns: 64,
    outputs: 16_500,
    normed: false,
    rounded: false,
    subgroups: true,
  },
  { name: "rounded", rows: 3, columns: 96, outputs: 33, normed: true, rounded: true, subgroups: true },
  {
    name: "without subgroups",
    rows: 2,
    columns: 96,
    outputs: 33,
    normed: true,
    rounded: false,
    subgroups: false,
  },
];

for (const { name, rows, columns, outputs, normed, rounded, subgroups } of cases) {
  for (const format of ["f32", "f16", "4-bit"] as const) {
    if (format === "4-bit" && columns % 32 !== 0) continue;
    Deno.test(`vectorProduct() is x·Wᵀ: ${name} (${format})`, async () => {
      using bench = await Bench.open("f32");
      const device = subgroups ? bench.device : withoutSubgroups(bench.device);
      const x = bench.random(rows * columns);
      const norm = bench.random(columns);
      const values = bench.random(outputs * columns);
      let matrix: StoredMatrix;
      let weights: Float32Array;
      if (format === "4-bit") {
        const packed = quantise("w", values, outputs, columns, 32);
        weights = dequantise(packed);
        matrix = storePacked(bench.device, "w", [packed], columns);
      } else {
        weights = bench.rounded(values, format);
        matrix = storeValues(bench.device, "w", values, columns, format);
      }
      const input = {
        x: bench.buffer(x),
        rows,
        norm: normed ? { weight: bench.buffer(norm), epsilon: EPSILON } : null,
        rounded,
      };
      const before = bench.random(rows * outputs);
      const y = bench.buffer(before);
      bench.run(await vectorProduct(device, name, matrix, input, { kind: "add", y }));
      const expected = reference(x, weights, columns, normed ? norm : null, rounded);
      const sum = expected.map((value, i) => value + (before[i] ?? NaN));
      assertClose(await bench.read(y, sum.length), sum, name, 1e-5);
    });
  }
}

Deno.test("vectorProduct() gates and finds its slots", async () => {
  using bench = await Bench.open("f32");
  const [rows, columns, width] = [3, 16, 9];
  const x = bench.random(rows * columns);
  const weights = bench.random(2 * width * columns);
  const matrix = storeValues(bench.device, "w", weights, columns, "f32");
  const input = { x: bench.buffer(x), rows, norm: null, rounded: false };
  const products = reference(x, weights, columns, null, false);
  const y = bench.poisoned(rows * width);
  bench.run(await vectorProduct(bench.device, "gate", matrix, input, { kind: "gate", y }));
  const gated = Float32Array.from({ length: rows * width }, (_, i) => {
    const at = Math.floor(i / width) * 2 * width + i % width;
    const [g = NaN, u = NaN] = [products[at], products[at + width]];
    return g / (1 + Math.exp(-g)) * u;
  });
  await bench.assertHolds(y, gated, "gated");

  const outputs = 2 * width;
  const logits = bench.buffer(new Float32Array(3 * outputs));
  // Rows at slots 2 and 0; the third has none.
  const places = bench.buffer(Uint32Array.of(0, 2, 0, 0, 0, 0, 0, 0, 0, 0xffffffff, 0, 0));
  bench.run(
    await vectorProduct(bench.device, "logits", matrix, input, { kind: "logits", y: logits, rows: places }),
  );
  const expected = new Float32Array(3 * outputs);
  expected.set(products.subarray(0, outputs), 2 * outputs);
  expected.set(products.subarray(outputs, 2 * outputs), 0);
  await bench.assertHolds(logits, expected, "logits");
});
