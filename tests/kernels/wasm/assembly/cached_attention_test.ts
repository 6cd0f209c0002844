import assert from "node:assert/strict";
import { Random } from "../../../../lib/core/random.ts";
import { assertNear, KernelMemory, VARIANTS } from "../kernel_memory.ts";

function numbers(name: string, count: number): Float32Array {
  const values = new Float32Array(count);
  Random.of(1, name).fillNormal(values, 1);
  return values;
}

/** softmax(scale·q·Kᵀ)·V in 64 bits. */
function attention(
  q: Float32Array,
  k: Float32Array,
  v: Float32Array,
  count: number,
  scale: number,
): Float32Array {
  const size = q.length;
  const scores = Array.from(
    { length: count },
    (_, t) => scale * q.reduce((sum, value, i) => sum + value * (k[t * size + i] ?? NaN), 0),
  );
  const top = Math.max(...scores);
  const masses = scores.map((score) => Math.exp(score - top));
  const total = masses.reduce((a, b) => a + b, 0);
  return Float32Array.from(
    q,
    (_, i) => masses.reduce((sum, mass, t) => sum + mass / total * (v[t * size + i] ?? NaN), 0),
  );
}

for (const variant of VARIANTS) {
  Deno.test(`attendBlock() and combineBlocks() are softmax attention over all blocks (${variant})`, async () => {
    const memory = await KernelMemory.open(variant);
    const { kernels } = memory;
    for (
      const [headSize, heads, block, positions] of [[64, 3, 16, 41], [20, 1, 8, 8], [8, 4, 32, 3]] as const
    ) {
      memory.reset();
      const [q, k, v] = [
        numbers("q", heads * headSize),
        numbers("k", positions * headSize),
        numbers("v", positions * headSize),
      ];
      // The kernel may read on to a whole four of keys: what stands there must not count, not even NaN.
      const roomy = new Float32Array((positions + 3) * headSize).fill(NaN);
      roomy.set(k);
      const [keys, values, queries] = [memory.place(roomy), memory.place(v), memory.place(q)];
      const blocks = Math.ceil(positions / block);
      const part = 4 + headSize;
      const parts = memory.place(blocks * heads * part);
      const scores = memory.place(heads * (block + 3));
      const scale = headSize ** -0.5;
      for (let b = 0; b < blocks; b++) {
        const from = b * block;
        const bytes = 4 * headSize * from;
        const count = Math.min(block, positions - from);
        kernels.attendBlock(
          queries,
          heads,
          keys + bytes,
          values + bytes,
          count,
          headSize,
          scale,
          scores,
          parts + 4 * b * heads * part,
        );
      }
      const output = memory.place(heads * headSize);
      kernels.combineBlocks(parts, blocks, 4 * heads * part, heads, headSize, output);
      for (let head = 0; head < heads; head++) {
        const own = q.subarray(head * headSize, (head + 1) * headSize);
        const result = memory.read(output + 4 * head * headSize, headSize);
        assertNear(result, attention(own, k, v, positions, scale), 1e-6);
      }
      memory.assertUntouchedBehind(output, heads * headSize);
      assert.equal(memory.read(parts + 4 * (blocks * heads * part), 1)[0], 12345);
    }
  });
}
