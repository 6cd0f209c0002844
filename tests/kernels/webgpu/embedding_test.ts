import fc from "fast-check";
import assert from "node:assert/strict";
import { embed, embedBackward, tokenRuns } from "../../../kernels/webgpu/ops/embedding.ts";
import { Bench } from "./support.ts";

Deno.test("tokenRuns() lists every token once, with its positions in order", () => {
  fc.assert(fc.property(fc.uint32Array({ max: 9, minLength: 1, maxLength: 40 }), (tokens) => {
    const rows = tokens.length;
    const runs = tokenRuns(tokens, 10);
    const found: [number, number[]][] = [];
    for (let i = 0; i < (runs[0] ?? NaN); i++) {
      const [from, to] = runs.subarray(1 + rows + i, 3 + rows + i);
      const order = runs.subarray(2 + 2 * rows);
      found.push([runs[1 + i] ?? NaN, [...order.subarray(from, to)]]);
    }
    const expected = [...new Set(tokens)].sort((a, b) => a - b).map((token): [number, number[]] => [
      token,
      [...tokens.keys()].filter((row) => tokens[row] === token),
    ]);
    assert.deepEqual(found, expected);
  }));
});

for (const element of ["f32", "f16"] as const) {
  Deno.test(`embed() copies rows and its gradient adds them up (${element})`, async () => {
    using bench = await Bench.open(element);
    const [vocabulary, width] = [11, 20];
    const tokens = Uint32Array.of(3, 0, 3, 10, 3, 0);
    const rows = tokens.length;
    const embedding = bench.random(vocabulary * width);
    const dx = bench.random(rows * width);
    const before = bench.random(vocabulary * width);
    const x = bench.poisoned(rows * width);
    const gradient = bench.buffer(before, "f32");
    const shape = { element, rows, width };
    bench.run(
      await embed(bench.device, "embedding", shape, {
        embedding: { buffer: bench.buffer(embedding) },
        tokens: bench.buffer(tokens),
        x,
      }),
      await embedBackward(bench.device, "embedding dW", shape, {
        dx: bench.buffer(dx),
        runs: bench.buffer(tokenRuns(tokens, vocabulary)),
        gradient: { buffer: gradient },
      }),
    );
    const rowOf = (array: Float32Array, row: number) => array.subarray(row * width, (row + 1) * width);
    assert.deepEqual(
      await bench.read(x, rows * width),
      Float32Array.from([...tokens].flatMap((token) => [...rowOf(embedding, token)])),
    );
    const expected = before.slice();
    tokens.forEach((token, row) =>
      rowOf(expected, token).forEach((value, i, target) => target[i] = value + (rowOf(dx, row)[i] ?? NaN))
    );
    await bench.assertHolds(gradient, expected, "gradient", "f32", 1e-6);
  });
}

Deno.test("embedBackward() takes more rows than one dimension of a dispatch holds", async () => {
  using bench = await Bench.open("f32");
  const [rows, width] = [70_000, 4];
  const tokens = Uint32Array.from({ length: rows }, (_, row) => rows - 1 - row);
  const dx = bench.random(rows * width);
  const gradient = bench.buffer(new Float32Array(rows * width));
  bench.run(
    await embedBackward(bench.device, "embedding dW", { element: "f32", rows, width }, {
      dx: bench.buffer(dx),
      runs: bench.buffer(tokenRuns(tokens, rows)),
      gradient: { buffer: gradient },
    }),
  );
  const expected = Float32Array.from(
    { length: rows * width },
    (_, i) => dx[(rows - 1 - Math.floor(i / width)) * width + i % width] ?? NaN,
  );
  assert.deepEqual(await bench.read(gradient, rows * width), expected);
});
