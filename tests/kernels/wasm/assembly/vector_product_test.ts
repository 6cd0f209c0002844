import assert from "node:assert/strict";
import { Random } from "../../../../lib/core/random.ts";
import { KernelMemory, VARIANTS } from "../kernel_memory.ts";

function numbers(name: string, count: number): Float32Array {
  const values = new Float32Array(count);
  Random.of(1, name).fillNormal(values, 1);
  return values;
}

for (const variant of VARIANTS) {
  Deno.test(`multiplyRow() has multiplyPacked()'s bits (${variant})`, async () => {
    const memory = await KernelMemory.open(variant);
    const { kernels } = memory;
    // Whole fours of panels and less, a part of a panel, more depth than a block.
    for (const [columns, depth] of [[64, 12], [37, 8], [5, 300], [104, 516]] as const) {
      for (const withBase of [true, false]) {
        memory.reset();
        const x = memory.place(numbers("x", depth));
        const w = memory.place(numbers("w", columns * depth));
        const panels = memory.place(Math.ceil(columns / 8) * 8 * depth);
        kernels.packRightTransposed(w, 4 * depth, columns, depth, panels);
        const base = withBase ? memory.place(numbers("base", columns)) : 0;
        const [expected, y] = [memory.place(columns), memory.place(columns)];
        const [left, edge] = [memory.place(5 * 256), memory.place(48)];
        kernels.multiplyPacked(
          x,
          4 * depth,
          panels,
          depth,
          1,
          columns,
          base,
          4 * columns,
          expected,
          4 * columns,
          left,
          edge,
        );
        kernels.multiplyRow(x, panels, depth, columns, base, y);
        assert.deepEqual(memory.read(y, columns), memory.read(expected, columns));
        memory.assertUntouchedBehind(y, columns);
      }
    }
  });

  Deno.test(`gatherPanels() takes rows of the embedding out of its panels (${variant})`, async () => {
    const memory = await KernelMemory.open(variant);
    const [vocabulary, width] = [13, 12];
    const table = numbers("embedding", vocabulary * width);
    const panels = memory.place(16 * width);
    memory.kernels.packRightTransposed(memory.place(table), 4 * width, vocabulary, width, panels);
    const ids = [12, 0, 7, 8];
    const x = memory.place(ids.length * width);
    memory.kernels.gatherPanels(memory.placeIntegers(ids), panels, x, ids.length, width);
    const expected = ids.flatMap((id) => [...table.subarray(id * width, (id + 1) * width)]);
    assert.deepEqual([...memory.read(x, ids.length * width)], expected);
    memory.assertUntouchedBehind(x, ids.length * width);
  });
}
