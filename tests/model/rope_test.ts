import assert from "node:assert/strict";
import { ropeFrequencies } from "../../lib/model/rope.ts";

/** Llama 3.1's settings. */
const LLAMA31 = {
  headSize: 128,
  ropeTheta: 500_000,
  ropeScaling: { factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalMaxPositions: 8192 },
};

Deno.test("ropeFrequencies() equal transformers' for Llama 3.1, in all three ranges", () => {
  const frequencies = ropeFrequencies(LLAMA31);
  // inv_freq of LlamaRotaryEmbedding (transformers 5.23): kept, between the bounds, divided by 8.
  const expected: [number, number][] = [
    [0, 1],
    [28, 0.0032114461064338684],
    [29, 0.0021665706299245358],
    [31, 0.0008567514596506953],
    [34, 0.0001785077911335975],
    [35, 9.556212171446532e-05],
    [63, 3.068925877869333e-07],
  ];
  for (const [pair, value] of expected) {
    assert.ok(
      Math.abs((frequencies[pair] ?? NaN) / value - 1) < 1e-5,
      `${pair}: ${frequencies[pair]}, expected ${value}`,
    );
  }
});

Deno.test("ropeFrequencies() without scaling are powers of theta", () => {
  const frequencies = ropeFrequencies({ headSize: 8, ropeTheta: 10_000, ropeScaling: null });
  assert.deepEqual(frequencies, Float32Array.of(1, 0.1, 0.01, 0.001));
});
