import assert from "node:assert/strict";
import { assertNear, at, KernelMemory, noise, VARIANTS } from "../kernel_memory.ts";

for (const variant of VARIANTS) {
  Deno.test(`adamw() equals torch's update written out (${variant})`, async () => {
    const memory = await KernelMemory.open(variant);
    const count = 8;
    const [w, g, m] = [noise(1, count), noise(2, count), noise(3, count)];
    const v = noise(4, count).map((x) => x * x);
    const [clip, rate, decay, beta1, beta2, epsilon, step] = [0.5, 1e-2, 0.1, 0.9, 0.95, 1e-8, 3];
    const [wAt, gAt, mAt, vAt] = [memory.place(w), memory.place(g), memory.place(m), memory.place(v)];
    memory.kernels.adamw(
      wAt,
      gAt,
      mAt,
      vAt,
      count,
      clip,
      1 - rate * decay,
      1 - beta1,
      beta2,
      1 - beta2,
      rate / (1 - beta1 ** step),
      Math.sqrt(1 - beta2 ** step),
      epsilon,
    );
    const newM = m.map((m, i) => beta1 * m + (1 - beta1) * clip * at(g, i));
    const newV = v.map((v, i) => beta2 * v + (1 - beta2) * (clip * at(g, i)) ** 2);
    const newW = w.map((w, i) => {
      const denominator = Math.sqrt(at(newV, i) / (1 - beta2 ** step)) + epsilon;
      return w * (1 - rate * decay) - rate / (1 - beta1 ** step) * at(newM, i) / denominator;
    });
    assertNear(memory.read(mAt, count), newM, 1e-6);
    assertNear(memory.read(vAt, count), newV, 1e-6);
    assertNear(memory.read(wAt, count), newW, 1e-6);
    memory.assertUntouchedBehind(wAt, count);
  });

  Deno.test(`sumOfSquares() sums in 64 bits, sumParts() in order (${variant})`, async () => {
    const memory = await KernelMemory.open(variant);
    const x = noise(1, 1000);
    const target = memory.place(2);
    memory.kernels.sumOfSquares(memory.place(x), x.length, target);
    const expected = x.reduce((sum, value) => sum + value * value, 0);
    assert.ok(Math.abs(memory.readDouble(target) / expected - 1) < 1e-12);
    const sums = memory.place([100, 200, 300, 400]);
    const parts = memory.place([1, 2, 3, 4, 10, 20, 30, 40]);
    memory.kernels.sumParts(parts, 2, 4, sums, 0);
    assert.deepEqual([...memory.read(sums, 4)], [11, 22, 33, 44]);
    memory.kernels.sumParts(parts, 2, 4, sums, 1);
    assert.deepEqual([...memory.read(sums, 4)], [22, 44, 66, 88]);
  });

  Deno.test(`gatherRows() reads, scatterRows() adds to the rows of its range alone (${variant})`, async () => {
    const memory = await KernelMemory.open(variant);
    const tokens = memory.placeIntegers([2, 0, 2]);
    const [embedding, x] = [memory.place(noise(1, 12)), memory.place(12)];
    memory.kernels.gatherRows(tokens, embedding, x, 3, 4);
    const [e, got] = [memory.read(embedding, 12), memory.read(x, 12)];
    assert.deepEqual([...got], [...e.subarray(8), ...e.subarray(0, 4), ...e.subarray(8)]);
    const dx = memory.place([1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4]);
    const gradient = memory.place(new Float32Array(12));
    memory.kernels.scatterRows(tokens, dx, gradient, 3, 4, 1, 3);
    assert.deepEqual([...memory.read(gradient, 12)], [0, 0, 0, 0, 0, 0, 0, 0, 5, 5, 5, 5]);
  });
}
