import assert from "node:assert/strict";
import fc from "fast-check";
import { Random } from "../../lib/core/random.ts";
import { ProductMemory } from "../../lib/curation/products.ts";

const size = fc.integer({ min: 1, max: 20 });

Deno.test("ProductMemory multiplies by weights, with and without a bias", async () => {
  const memory = await ProductMemory.open(20);
  fc.assert(
    fc.property(
      size,
      size,
      fc.oneof(size, fc.constant(300)),
      fc.boolean(),
      fc.nat(),
      (rows, outputs, inputs, biased, seed) => {
        const draw = (name: string, count: number) => {
          const values = new Float32Array(count);
          Random.of(seed, name).fillNormal(values, 1);
          return values;
        };
        const [x, weights, bias] = [
          draw("x", rows * inputs),
          draw("w", outputs * inputs),
          draw("b", outputs),
        ];
        const y = memory.allocate(rows * outputs);
        memory.multiply(
          memory.place(x),
          inputs,
          rows,
          memory.packWeights(weights, outputs, inputs),
          biased ? memory.place(bias) : 0,
          y,
          outputs,
        );
        const found = memory.view(y, rows * outputs);
        for (let row = 0; row < rows; row++) {
          for (let output = 0; output < outputs; output++) {
            let sum = biased ? bias[output]! : 0;
            for (let i = 0; i < inputs; i++) sum += x[row * inputs + i]! * weights[output * inputs + i]!;
            assert.ok(Math.abs(found[row * outputs + output]! - sum) < 1e-3);
          }
        }
      },
    ),
    { numRuns: 40 },
  );
});

Deno.test("ProductMemory says when it is full", async () => {
  const memory = await ProductMemory.open(5);
  assert.throws(() => memory.allocate(2 ** 30), {
    name: "RunError",
    message: /needs \d+ MiB of WebAssembly memory/,
  });
});
