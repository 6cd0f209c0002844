/** What influence on WebGPU does with many batches, and with numbers that f16 does not hold. */
import assert from "node:assert/strict";
import type { TokenBatch } from "../../lib/backends/backend.ts";
import type { InfluenceBackend } from "../../lib/backends/influence.ts";
import { streaming, type WeightedBatch } from "../../lib/backends/influence_stream.ts";
import { createTfjsInfluence } from "../../lib/backends/tfjs_influence.ts";
import { createWebgpuInfluence } from "../../lib/backends/webgpu_influence.ts";
import { InfluenceSection } from "../../lib/backends/webgpu_influence_section.ts";
import { RunError } from "../../lib/core/errors.ts";
import { Random } from "../../lib/core/random.ts";
import { initialise } from "../../lib/model/initialise.ts";
import { randomBatch, SMALL_MODEL } from "./small_model.ts";

const CONFIG = { ...SMALL_MODEL, layers: 1, heads: 1, keyValueHeads: 1 };

/** Of few tensors: a software adapter takes a second to compile a product. influence_test.ts has them all. */
const TENSORS = "embedding and head";

async function open() {
  const backend = await createWebgpuInfluence(CONFIG, TENSORS, { provider: "deno", tier: "f16" });
  await backend.load(initialise(CONFIG, 1));
  return backend;
}

async function openOracle(): Promise<InfluenceBackend> {
  const backend = await createTfjsInfluence(CONFIG, TENSORS);
  await backend.load(initialise(CONFIG, 1));
  return backend;
}

function normals(seed: number, count: number): Float32Array {
  const values = new Float32Array(count);
  Random.of(seed, "influence").fillNormal(values, 1);
  return values;
}

/** ‖a − b‖ / ‖b‖. */
function relativeDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [difference, norm] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    difference += ((a[i] ?? NaN) - (b[i] ?? NaN)) ** 2;
    norm += (b[i] ?? NaN) ** 2;
  }
  return Math.sqrt(difference / norm);
}

async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const results: T[] = [];
  for await (const result of stream) results.push(result);
  return results;
}

Deno.test("webgpu influence: a stream gives each batch what it has alone, to the bit", async () => {
  await using backend = await open();
  // The last one has a shape of its own, as the end of a source has.
  const batches = [randomBatch(1, 2, 32), randomBatch(2, 2, 32), randomBatch(3, 1, 9)];
  const vectors = [normals(1, backend.parameters), normals(2, backend.parameters)];
  const together = await all(backend.streamProductsAndNorms(batches, vectors));
  const products = await all(backend.streamProducts(batches, vectors));
  for (const [i, batch] of batches.entries()) {
    const alone = await backend.sequenceProductsAndNorms(batch, vectors);
    assert.deepEqual(together[i], alone);
    assert.deepEqual(products[i], alone.products);
  }
  assert.equal(together.length, batches.length);
});

Deno.test("webgpu influence: sums over batches whose coefficients are worlds apart equal the oracle's", async () => {
  await using backend = await open();
  await using oracle = await openOracle();
  const weighted = [1e-9, 1e-12, 1e5, 1e4].map((scale, i): WeightedBatch => {
    const coefficients = normals(i, 2 * backend.groups.length).map((value) => scale * value);
    return {
      batch: randomBatch(i, 2, 20),
      coefficients: [coefficients, coefficients.map((value) => -value)],
    };
  });
  const sums = () => [new Float32Array(backend.parameters), new Float32Array(backend.parameters)];
  const [ours, expected] = [sums(), sums()];
  await backend.addAllWeightedGradients(weighted, ours);
  await streaming(oracle).addAllWeightedGradients(weighted, expected);
  expected.forEach((sum, i) => {
    const difference = relativeDifference(ours[i] ?? [], sum);
    assert.ok(difference < 5e-3, `sum ${i}: ${difference}`);
  });
});

Deno.test("webgpu influence: an f16 gradient that overflows is computed again with a smaller loss scale", async () => {
  const length = 1100;
  // One target bears the whole loss: times 64, its logits' gradient is beyond f16.
  const batch: TokenBatch = {
    ...randomBatch(1, 1, length),
    weights: Float32Array.from({ length }, (_, i) => i === 40 ? 1 : 0),
  };
  await using backend = await open();
  await using oracle = await openOracle();
  const sum = new Float32Array(backend.parameters);
  await backend.addWeightedGradients(batch, [{ coefficients: Float32Array.of(2), sum }]);
  const squaredNorm = sum.reduce((total, value) => total + value ** 2, 0) / 4;
  await backend.load(initialise(CONFIG, 1));
  const [expected, actual] = [
    await oracle.sequenceProductsAndNorms(batch, []),
    await backend.sequenceProductsAndNorms(batch, []),
  ];
  assert.ok(relativeDifference(actual.squaredNorms, expected.squaredNorms) < 1e-2);
  assert.ok(relativeDifference([squaredNorm], expected.squaredNorms) < 1e-2);
});

Deno.test("webgpu influence: weights without a finite loss give results that are not finite", async () => {
  await using backend = await open();
  const weights = initialise(CONFIG, 1);
  weights[weights.length - 1] = NaN;
  await backend.load(weights);
  const batch = randomBatch(1, 1, 8);
  const { squaredNorms } = await backend.sequenceProductsAndNorms(batch, []);
  assert.ok(squaredNorms.some(Number.isNaN));
  const sum = new Float32Array(backend.parameters);
  await backend.addWeightedGradients(batch, [{
    coefficients: new Float32Array(backend.groups.length).fill(1),
    sum,
  }]);
  assert.ok(sum.some(Number.isNaN));
});

Deno.test("webgpu influence: what cannot be had is one sentence", async () => {
  await assert.rejects(
    createWebgpuInfluence(CONFIG, TENSORS, { provider: "deno", tier: "tensor" }),
    (error) => error instanceof RunError && /tensor tier is not available/.test(error.message),
  );
});

Deno.test("InfluenceSection brings each sum's and tensor's coefficients near 1 and ends where that fails", () => {
  const section = new InfluenceSection(1, 2);
  const weighted = (...coefficients: number[]): WeightedBatch => ({
    batch: randomBatch(1, 1, 4),
    coefficients: [Float32Array.from(coefficients)],
  });
  section.add(weighted(0, -8e6));
  assert.equal(section.scale(0, 0), 1);
  assert.equal(section.scale(0, 1), 2 ** -21);
  assert.deepEqual(section.scaled(weighted(0, -8e6), 1), Float32Array.of(0, -8e6 / 4 / 2 ** 21));
  assert.ok(section.takes(weighted(1e-9, 60 * 8e6)));
  assert.ok(!section.takes(weighted(0, 70 * 8e6)));
  section.add(weighted(1, 0));
  assert.equal(section.scale(0, 0), 4);
});
