import fc from "fast-check";
import { assertNear, at, KernelMemory, noise, VARIANTS } from "../kernel_memory.ts";

/** Σₖ a(i, k)·b(k, j) in 64 bits, row-major [rows × columns]. */
function product(
  rows: number,
  columns: number,
  depth: number,
  a: (i: number, k: number) => number,
  b: (k: number, j: number) => number,
): Float64Array {
  return Float64Array.from({ length: rows * columns }, (_, index) => {
    const [i, j] = [Math.floor(index / columns), index % columns];
    let sum = 0;
    for (let k = 0; k < depth; k++) sum += a(i, k) * b(k, j);
    return sum;
  });
}

const shapes = {
  rows: fc.integer({ min: 1, max: 13 }),
  columns: fc.integer({ min: 1, max: 19 }),
  // Beyond the 256 that are packed at a time.
  depth: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 250, max: 270 })),
  seed: fc.integer({ min: 0, max: 1000 }),
};

for (const variant of VARIANTS) {
  Deno.test(`multiplyPacked() equals base + A·B and base + A·Wᵀ for any shape (${variant})`, async () => {
    const memory = await KernelMemory.open(variant);
    const { kernels } = memory;
    fc.assert(
      fc.property(fc.record({ ...shapes, transposed: fc.boolean(), based: fc.boolean() }), (shape) => {
        const { rows, columns, depth, seed, transposed, based } = shape;
        memory.reset();
        const [a, b, base] = [
          noise(seed, rows * depth),
          noise(seed + 1, depth * columns),
          noise(seed + 2, rows * columns),
        ];
        const panels = memory.place(8 * Math.ceil(columns / 8) * (depth + 3));
        if (transposed) kernels.packRightTransposed(memory.place(b), 4 * depth, columns, depth, panels);
        else kernels.packRight(memory.place(b), 4 * columns, columns, depth, panels);
        const left = memory.place(5 * Math.ceil(rows / 5) * 260);
        const edge = memory.place(48);
        const c = memory.place(rows * columns);
        kernels.multiplyPacked(
          memory.place(a),
          4 * depth,
          panels,
          depth,
          rows,
          columns,
          based ? memory.place(base) : 0,
          4 * columns,
          c,
          4 * columns,
          left,
          edge,
        );
        const expected = product(
          rows,
          columns,
          depth,
          (i, k) => at(a, i * depth + k),
          (k, j) => at(b, transposed ? j * depth + k : k * columns + j),
        ).map((sum, i) => sum + (based ? at(base, i) : 0));
        assertNear(memory.read(c, rows * columns), expected, 1e-6, 10);
        memory.assertUntouchedBehind(c, rows * columns);
      }),
    );
  });

  Deno.test(`multiplyTransposed() equals Aᵀ·B, and adds it to C (${variant})`, async () => {
    const memory = await KernelMemory.open(variant);
    fc.assert(fc.property(fc.record({ ...shapes, accumulate: fc.boolean() }), (shape) => {
      const { rows, columns, depth, seed, accumulate } = shape;
      memory.reset();
      const [a, b, before] = [
        noise(seed, depth * rows),
        noise(seed + 1, depth * columns),
        noise(seed + 2, rows * columns),
      ];
      const c = memory.place(before);
      memory.kernels.multiplyTransposed(
        memory.place(a),
        4 * rows,
        memory.place(b),
        4 * columns,
        depth,
        rows,
        columns,
        accumulate ? 1 : 0,
        c,
        4 * columns,
        memory.place(5 * Math.ceil(rows / 5) * 260),
        memory.place(8 * Math.ceil(columns / 8) * 260),
        memory.place(48),
      );
      const expected = product(
        rows,
        columns,
        depth,
        (i, k) => at(a, k * rows + i),
        (k, j) => at(b, k * columns + j),
      )
        .map((sum, i) => sum + (accumulate ? at(before, i) : 0));
      assertNear(memory.read(c, rows * columns), expected, 1e-6, 10);
      memory.assertUntouchedBehind(c, rows * columns);
    }));
  });
}
