import assert from "node:assert/strict";
import { type ModelConfig, parameterLayout } from "../../lib/model/config.ts";
import { initialise } from "../../lib/model/initialise.ts";
import { SMALL_MODEL } from "../backends/small_model.ts";

function tensor(config: ModelConfig, weights: Float32Array, name: string): Float32Array {
  const spec = parameterLayout(config).find((spec) => spec.name === name);
  assert.ok(spec);
  return weights.subarray(spec.offset, spec.offset + spec.size);
}

Deno.test("initialise() repeats bit for bit, and another seed gives other weights", () => {
  assert.deepEqual(initialise(SMALL_MODEL, 1), initialise(SMALL_MODEL, 1));
  assert.notDeepEqual(initialise(SMALL_MODEL, 1), initialise(SMALL_MODEL, 2));
});

Deno.test("initialise() sets norms to one and draws every matrix from normal(0, initializerRange)", () => {
  const config = { ...SMALL_MODEL, vocabularySize: 4096, tiedEmbeddings: false, initializerRange: 0.02 };
  const weights = initialise(config, 3);
  assert.ok(weights.every(Number.isFinite));
  for (const { name, kind, size } of parameterLayout(config)) {
    const values = tensor(config, weights, name);
    if (kind === "norm") {
      assert.ok(values.every((value) => value === 1), name);
      continue;
    }
    const mean = values.reduce((a, b) => a + b, 0) / size;
    const deviation = Math.sqrt(values.reduce((a, b) => a + b * b, 0) / size);
    // Five standard errors.
    assert.ok(Math.abs(mean) < 5 * 0.02 / Math.sqrt(size), `${name}: mean ${mean}`);
    assert.ok(Math.abs(deviation - 0.02) < 5 * 0.02 / Math.sqrt(2 * size), `${name}: deviation ${deviation}`);
  }
});

Deno.test("initialise() gives a tensor values that depend on its name alone", () => {
  const larger = { ...SMALL_MODEL, layers: 3, vocabularySize: 64 };
  const [small, large] = [initialise(SMALL_MODEL, 5), initialise(larger, 5)];
  for (const { name, size } of parameterLayout(SMALL_MODEL)) {
    assert.deepEqual(tensor(SMALL_MODEL, small, name), tensor(larger, large, name).subarray(0, size), name);
  }
});
