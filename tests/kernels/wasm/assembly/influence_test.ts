import assert from "node:assert/strict";
import fc from "fast-check";
import { at, KernelMemory, noise, VARIANTS } from "../kernel_memory.ts";

/** A sequence's inputs X, gradients of its outputs dY, and what they are multiplied with. */
const shapes = fc.record({
  // Beyond the 160 positions of a tile, or few.
  rows: fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 155, max: 170 })),
  // Beyond the 256 that are packed at a time.
  inputs: fc.constantFrom(4, 12, 260),
  // Beyond the 160 of a gradient's tile and the 512 of a product's, and no multiple of anything.
  outputs: fc.constantFrom(1, 7, 163, 515),
  seed: fc.integer({ min: 0, max: 1000 }),
});

function sum(count: number, term: (i: number) => number): number {
  let total = 0;
  for (let i = 0; i < count; i++) total += term(i);
  return total;
}

/** dYᵀ·X [outputs × inputs] in 64 bits, with a weight for each row. */
function gradientOf(
  x: Float32Array,
  dy: Float32Array,
  inputs: number,
  outputs: number,
  weights: Float32Array,
): Float64Array {
  const gradient = new Float64Array(inputs * outputs);
  weights.forEach((weight, row) => {
    for (let i = 0; i < gradient.length; i++) {
      const [output, input] = [Math.floor(i / inputs), i % inputs];
      gradient[i] = at(gradient, i) + weight * at(dy, row * outputs + output) * at(x, row * inputs + input);
    }
  });
  return gradient;
}

/** The scratch that the kernels take. */
function scratchOf(memory: KernelMemory) {
  return {
    first: memory.place(160 * 256),
    second: memory.place(160 * 160),
    left: memory.place(160 * 260),
    right: memory.place(256 * 260),
    edge: memory.place(48),
  };
}

function assertClose(actual: number, expected: number, scale: number) {
  assert.ok(Math.abs(actual - expected) <= 1e-6 * scale, `${actual}, expected ${expected} ± ${1e-6 * scale}`);
}

for (const variant of VARIANTS) {
  Deno.test(`linearProduct(), gramNorm() and gradientNorm() add ⟨dYᵀX, V⟩ and ‖dYᵀX‖² (${variant})`, async () => {
    const memory = await KernelMemory.open(variant);
    const { kernels } = memory;
    fc.assert(
      fc.property(shapes, ({ rows, inputs, outputs, seed }) => {
        memory.reset();
        const [x, dy, v] = [
          noise(seed, rows * inputs),
          noise(seed + 1, rows * outputs),
          noise(seed + 2, outputs * inputs),
        ];
        const [xPlace, dyPlace] = [memory.place(x), memory.place(dy)];
        const panels = memory.place(8 * Math.ceil(outputs / 8) * inputs);
        kernels.packRightTransposed(memory.place(v), 4 * inputs, outputs, inputs, panels);
        const { first, second, left, right, edge } = scratchOf(memory);
        const [product, gram, direct] = [memory.place(2), memory.place(2), memory.place(2)];
        for (const target of [product, gram, direct]) {
          kernels.clear(target, 8);
          // Twice, since results are added.
          for (let i = 0; i < 2; i++) {
            if (target === product) {
              kernels.linearProduct(
                xPlace,
                4 * inputs,
                panels,
                dyPlace,
                4 * outputs,
                rows,
                inputs,
                outputs,
                first,
                left,
                edge,
                target,
              );
              continue;
            }
            const factors = [xPlace, 4 * inputs, dyPlace, 4 * outputs, rows, inputs, outputs] as const;
            if (target === gram) kernels.gramNorm(...factors, first, second, left, right, edge, target);
            else kernels.gradientNorm(...factors, first, left, right, edge, target);
          }
        }
        const gradient = gradientOf(x, dy, inputs, outputs, new Float32Array(rows).fill(1));
        const squares = sum(gradient.length, (i) => at(gradient, i) ** 2);
        assertClose(
          memory.readDouble(product),
          2 * sum(gradient.length, (i) => at(gradient, i) * at(v, i)),
          2 * Math.sqrt(squares * sum(v.length, (i) => at(v, i) ** 2)),
        );
        assertClose(memory.readDouble(gram), 2 * squares, 2 * squares);
        assertClose(memory.readDouble(direct), 2 * squares, 2 * squares);
        memory.assertUntouchedBehind(first, 160 * 256);
        memory.assertUntouchedBehind(second, 160 * 160);
      }),
      { numRuns: 25 },
    );
  });

  Deno.test(`multiplyTransposedWeighted() equals Aᵀ·diag(w)·B (${variant})`, async () => {
    const memory = await KernelMemory.open(variant);
    fc.assert(
      fc.property(shapes, ({ rows: depth, inputs: columns, seed }) => {
        memory.reset();
        const rows = 13;
        // 1 … 170 rows, or that and the 256 that are packed at a time.
        const total = depth + (seed % 2) * 256;
        const [a, b, weights] = [
          noise(seed, total * rows),
          noise(seed + 1, total * columns),
          noise(seed + 2, total),
        ];
        const c = memory.place(rows * columns);
        const { left, right, edge } = scratchOf(memory);
        memory.kernels.multiplyTransposedWeighted(
          memory.place(a),
          4 * rows,
          memory.place(b),
          4 * columns,
          memory.place(weights),
          total,
          rows,
          Math.min(columns, 256),
          c,
          4 * columns,
          left,
          right,
          edge,
        );
        const expected = gradientOf(b, a, columns, rows, weights);
        const actual = memory.read(c, rows * columns);
        const scale = 10 + Math.sqrt(sum(expected.length, (i) => at(expected, i) ** 2));
        expected.forEach((value, i) => {
          if (i % columns < 256) assertClose(at(actual, i), value, scale);
        });
      }),
      { numRuns: 25 },
    );
  });

  Deno.test(`gatherProduct(), gatherNorm() and tiedNorm() make a tied embedding's whole gradient (${variant})`, async () => {
    const memory = await KernelMemory.open(variant);
    const { kernels } = memory;
    const vocabulary = 11;
    fc.assert(
      fc.property(shapes, ({ rows, inputs: width, seed }) => {
        memory.reset();
        const [d, h, dz, v] = [
          noise(seed, rows * width),
          noise(seed + 1, rows * width),
          noise(seed + 2, rows * vocabulary),
          noise(seed + 3, vocabulary * width),
        ];
        const tokens = Array.from({ length: rows }, (_, i) => Math.floor((i * i + seed) % vocabulary));
        const gathered = new Float64Array(vocabulary * width);
        tokens.forEach((token, row) => {
          for (let i = 0; i < width; i++) {
            gathered[token * width + i] = at(gathered, token * width + i) + at(d, row * width + i);
          }
        });
        const asHead = gradientOf(h, dz, width, vocabulary, new Float32Array(rows).fill(1));
        const { first, left, right, edge } = scratchOf(memory);
        const [tokenPlace, dPlace] = [memory.placeIntegers(tokens), memory.place(d)];
        const [product, norm, cross] = [memory.place(2), memory.place(2), memory.place(2)];
        for (const target of [product, norm, cross]) kernels.clear(target, 8);
        kernels.gatherProduct(tokenPlace, memory.place(v), dPlace, rows, width, product);
        kernels.gatherNorm(tokenPlace, dPlace, rows, width, norm);
        const c = memory.place(rows * rows);
        kernels.gatherLogitGradients(memory.place(dz), 4 * vocabulary, tokenPlace, rows, c);
        memory.assertUntouchedBehind(c, rows * rows);
        kernels.tiedNorm(memory.place(h), dPlace, c, rows, width, first, left, right, edge, cross);

        const squares = (x: ArrayLike<number>) => sum(x.length, (i) => at(x, i) ** 2);
        assertClose(
          memory.readDouble(product),
          sum(v.length, (i) => at(v, i) * at(gathered, i)),
          Math.sqrt(squares(v) * squares(gathered)) + 1,
        );
        assertClose(memory.readDouble(norm), squares(gathered), squares(gathered));
        assertClose(
          memory.readDouble(cross),
          2 * sum(asHead.length, (i) => at(asHead, i) * at(gathered, i)),
          2 * Math.sqrt(squares(asHead) * squares(gathered)) + 1,
        );
      }),
      { numRuns: 25 },
    );
  });

  Deno.test(`scatterRowsWeighted() adds weighted rows to their tokens, within a range (${variant})`, async () => {
    const memory = await KernelMemory.open(variant);
    const [tokens, weights] = [[0, 2, 2, 3], [1, 10, -1, 5]];
    const gradient = memory.place(new Float32Array(16).fill(1));
    const dx = memory.place(Float32Array.from({ length: 16 }, (_, i) => i));
    memory.kernels.scatterRowsWeighted(
      memory.placeIntegers(tokens),
      memory.place(weights),
      dx,
      gradient,
      4,
      4,
      1,
      3,
    );
    assert.deepEqual(
      [...memory.read(gradient, 16)],
      [1, 1, 1, 1, 1, 1, 1, 1, 1 + 40 - 8, 1 + 50 - 9, 1 + 60 - 10, 1 + 70 - 11, 1, 1, 1, 1],
    );
  });
}
