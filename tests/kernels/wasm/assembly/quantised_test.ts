import assert from "node:assert/strict";
import fc from "fast-check";
import { Random } from "../../../../lib/core/random.ts";
import { KernelMemory, VARIANTS } from "../kernel_memory.ts";

const { fround } = Math;

/** q of a matrix [rows × columns], and its blocks as assembly/quantised.ts describes them. */
function randomWeights(seed: number, rows: number, columns: number) {
  const random = Random.of(seed, "weights");
  const q = Uint8Array.from({ length: rows * columns }, (_, i) => random.below(i, 16));
  const padded = Math.ceil(rows / 4) * 4;
  const packed = new Uint8Array(padded * columns / 2);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const block = (row >> 2) * (columns / 32) + (column >> 5);
      const place = block * 64 + (row & 3) * 16 + ((column & 31) >> 1);
      packed[place] = (packed[place] ?? 0) | (q[row * columns + column] ?? 0) << (column & 1 ? 4 : 0);
    }
  }
  return { q, packed };
}

/** Scales [rows × groups], and as the kernel reads them. */
function randomScales(seed: number, rows: number, groups: number) {
  const random = Random.of(seed, "scales");
  const scales = Float32Array.from({ length: rows * groups }, (_, i) => fround(random.uniform(i) * 0.1));
  const placed = new Float32Array(Math.ceil(rows / 4) * 4 * groups);
  scales.forEach((scale, i) => {
    const [row, group] = [Math.floor(i / groups), i % groups];
    placed[((row >> 2) * groups + group) * 4 + (row & 3)] = scale;
  });
  return { scales, placed };
}

/** p and step of one row of activations. */
function roundActivations(x: Float32Array): { p: number[]; step: number } {
  const largest = x.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const inverse = largest === 0 ? 0 : fround(127 / largest);
  const even = (value: number) => {
    const floor = Math.floor(value), rest = value - floor;
    return rest === 0.5 ? floor + Math.abs(floor % 2) : Math.round(value);
  };
  return { p: [...x].map((value) => even(fround(value * inverse))), step: fround(largest / 127) };
}

for (const variant of VARIANTS) {
  Deno.test(`multiplyQuantised() equals whole numbers, group by group, to the bit (${variant})`, async () => {
    const memory = await KernelMemory.open(variant);
    const { kernels } = memory;
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e6 }),
        fc.constantFrom(32, 64, 128, 256),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 11 }),
        fc.integer({ min: 1, max: 4 }),
        fc.boolean(),
        (seed, group, groups, outputs, rows, withBase) => {
          memory.reset();
          const depth = group * groups;
          const { q, packed } = randomWeights(seed, outputs, depth);
          const { scales, placed } = randomScales(seed, outputs, groups);
          const x = new Float32Array(rows * depth);
          Random.of(seed, "x").fillNormal(x, 3);
          const base = new Float32Array(rows * outputs);
          Random.of(seed, "base").fillNormal(base, 1);

          const [p, corrections, steps] = [
            memory.place(rows * depth / 4),
            memory.place(rows * groups),
            memory.place(rows),
          ];
          kernels.quantiseRows(memory.place(x), rows, depth, group, p, corrections, steps);
          const weights = memory.place(packed.length / 4);
          new Uint8Array(memory.read(weights, 1).buffer, weights, packed.length).set(packed);
          const y = memory.place(rows * outputs);
          kernels.multiplyQuantised(
            p,
            corrections,
            steps,
            rows,
            weights,
            memory.place(placed),
            depth,
            group,
            outputs,
            withBase ? memory.place(base) : 0,
            4 * outputs,
            y,
            4 * outputs,
          );

          const expected = new Float32Array(rows * outputs);
          for (let row = 0; row < rows; row++) {
            const own = roundActivations(x.subarray(row * depth, (row + 1) * depth));
            for (let output = 0; output < outputs; output++) {
              let total = 0;
              for (let g = 0; g < groups; g++) {
                let dot = 0;
                for (let column = g * group; column < (g + 1) * group; column++) {
                  dot += ((q[output * depth + column] ?? NaN) - 8) * (own.p[column] ?? NaN);
                }
                total = fround(total + fround(dot * (scales[output * groups + g] ?? NaN)));
              }
              const product = fround(total * own.step);
              const at = row * outputs + output;
              expected[at] = withBase ? fround((base[at] ?? NaN) + product) : product;
            }
          }
          assert.deepEqual(memory.read(y, rows * outputs), expected);
          memory.assertUntouchedBehind(y, rows * outputs);
        },
      ),
      { numRuns: 60 },
    );
  });

  Deno.test(`quantiseRows() makes 0 of zeros, and lets what is no number through (${variant})`, async () => {
    const memory = await KernelMemory.open(variant);
    const [p, corrections, steps] = [memory.place(16), memory.place(2), memory.place(2)];
    const x = new Float32Array(64);
    x[40] = NaN;
    memory.kernels.quantiseRows(memory.place(x), 2, 32, 32, p, corrections, steps);
    assert.deepEqual([...memory.read(steps, 2)], [0, NaN]);
    assert.deepEqual(memory.read(p, 8), new Float32Array(8));
  });

  Deno.test(`gatherQuantised() unpacks rows (${variant})`, async () => {
    const memory = await KernelMemory.open(variant);
    const [rows, width, group] = [7, 64, 32];
    const { q, packed } = randomWeights(5, rows, width);
    const { scales, placed } = randomScales(5, rows, width / group);
    const weights = memory.place(packed.length / 4);
    new Uint8Array(memory.read(weights, 1).buffer, weights, packed.length).set(packed);
    const ids = [6, 0, 5];
    const x = memory.place(ids.length * width);
    memory.kernels.gatherQuantised(
      memory.placeIntegers(ids),
      weights,
      memory.place(placed),
      x,
      ids.length,
      width,
      group,
    );
    const expected = ids.flatMap((id) =>
      Array.from(
        { length: width },
        (_, column) =>
          fround(((q[id * width + column] ?? NaN) - 8) * (scales[id * 2 + (column >> 5)] ?? NaN)),
      )
    );
    assert.deepEqual([...memory.read(x, ids.length * width)], expected);
  });
}
