import assert from "node:assert/strict";
import { addTotal, clear, sequenceLosses, sumParts } from "../../../kernels/webgpu/ops/reduce.ts";
import { Bench } from "./support.ts";

Deno.test("sumParts() adds the blocks of each vector to its place and leaves the gaps alone", async () => {
  using bench = await Bench.open("f32");
  const [count, blocks, width, partStride, stride] = [3, 11, 40, 450, 64];
  const parts = bench.random(count * partStride);
  const before = bench.random(count * stride);
  const target = bench.buffer(before);
  bench.run(
    await sumParts(bench.device, "sum", { count, blocks, width, partStride, stride }, {
      parts: bench.buffer(parts),
      target: { buffer: target },
    }),
  );
  const expected = before.map((value, i) => {
    const [vector, column] = [Math.floor(i / stride), i % stride];
    if (column >= width) return value;
    for (let block = 0; block < blocks; block++) {
      value += parts[vector * partStride + block * width + column] ?? NaN;
    }
    return value;
  });
  await bench.assertHolds(target, expected, "sums");
});

Deno.test("sequenceLosses() and addTotal() weigh losses, and a weight of 0 hides an infinite one", async () => {
  using bench = await Bench.open("f32");
  const sums = bench.poisoned(2);
  const target = bench.buffer(Float32Array.of(100));
  bench.run(
    await sequenceLosses(bench.device, "losses", { sequences: 2, length: 3 }, {
      losses: bench.buffer(Float32Array.of(1, 2, Infinity, 4, 5, 6)),
      weights: bench.buffer(Float32Array.of(1, 0.5, 0, 1, 0, 2)),
      sums,
    }),
    await addTotal(bench.device, "loss", 2, { values: sums, target }),
  );
  assert.deepEqual(await bench.read(sums, 2), Float32Array.of(2, 16));
  assert.deepEqual(await bench.read(target, 1), Float32Array.of(118));
});

Deno.test("clear() sets everything to 0", async () => {
  using bench = await Bench.open("f32");
  const buffer = bench.poisoned(1028);
  bench.run(await clear(bench.device, "clear", 1028, buffer));
  assert.deepEqual(await bench.read(buffer, 1028), new Float32Array(1028));
});
