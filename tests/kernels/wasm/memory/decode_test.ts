import assert from "node:assert/strict";
import { MemoryLimitError } from "../../../../kernels/wasm/memory/arena.ts";
import { decodeMemory } from "../../../../kernels/wasm/memory/decode.ts";
import { MODEL_SIZES } from "../../../../lib/model/config.ts";

const groups = { embedding: 32, head: 32, queryKeyValue: 32, output: 32, gateUp: 32, down: 32 };

Deno.test("decodeMemory() needs what weights and cache are, and little else", () => {
  const shape = MODEL_SIZES["140m"];
  const whole = decodeMemory({ shape, slots: 1, capacity: 1024, workers: 2, groups: null });
  const norms = 4 * (2 * shape.layers + 1) * shape.width;
  const matrices = 140_248_512 - norms / 4;
  assert.equal(whole.bytes.weights, 4 * matrices + norms);
  assert.equal(whole.bytes.cache, 15 * 2 * 3 * 64 * 1024 * 4);
  const packed = decodeMemory({ shape, slots: 1, capacity: 1024, workers: 2, groups });
  // Half a byte a weight, and four for every 32.
  assert.equal(packed.bytes.weights, matrices / 2 + matrices / 8 + norms);
  assert.ok(packed.end - packed.bytes.weights - packed.bytes.cache < 2 ** 25);
});

Deno.test("decodeMemory() says what needs more than 4 GiB", () => {
  const shape = MODEL_SIZES["950m"];
  assert.throws(
    () => decodeMemory({ shape, slots: 1, capacity: 32768, workers: 2, groups: null }),
    (error) =>
      error instanceof MemoryLimitError &&
      /^1 × 32768 positions need .* GiB \(weights 3\.5, cache 2\.1\), more than the 4 GiB/.test(
        error.message,
      ),
  );
});
