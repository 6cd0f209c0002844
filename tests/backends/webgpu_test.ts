/** The WebGPU backend on Deno's own WebGPU against the oracle: a software adapter will do. */
import assert from "node:assert/strict";
import type { TokenBatch } from "../../lib/backends/backend.ts";
import { createTfjsBackend } from "../../lib/backends/tfjs.ts";
import { createWebgpuBackend } from "../../lib/backends/webgpu.ts";
import type { WebgpuOptions } from "../../lib/backends/webgpu_forward.ts";
import { RunError } from "../../lib/core/errors.ts";
import { Random } from "../../lib/core/random.ts";
import { type ModelConfig, parameterLayout } from "../../lib/model/config.ts";
import { initialise } from "../../lib/model/initialise.ts";
import { randomBatch, SMALL_MODEL, start, UPDATE } from "./small_model.ts";

/** No size of it fits a tile. */
const ODD_MODEL: ModelConfig = {
  ...SMALL_MODEL,
  vocabularySize: 131,
  width: 44,
  heads: 6,
  headSize: 12,
  feedForwardWidth: 72,
};

async function open(
  config: ModelConfig,
  tier: "f32" | "f16",
  { weights = initialise(config, 1), ...options }: WebgpuOptions & { readonly weights?: Float32Array } = {},
) {
  return await start(await createWebgpuBackend(config, { provider: "deno", tier, ...options }), weights);
}

/** With every function that ODD_MODEL lacks. */
const ODD_QWEN3: ModelConfig = {
  ...ODD_MODEL,
  type: "qwen3",
  queryKeyNorm: "before rope, weighted",
  ropeScaling: { factor: 4, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalMaxPositions: 32 },
};

/** Norms' weights that are not all 1. */
function unevenWeights(config: ModelConfig): Float32Array {
  const random = Random.of(2, "weights");
  const weights = initialise(config, 1);
  for (const { kind, offset, size } of parameterLayout(config)) {
    if (kind !== "norm") continue;
    for (let i = offset; i < offset + size; i++) weights[i] = 0.5 + random.uniform(i);
  }
  return weights;
}

/** Three sequences, longer than a tile, of packed documents. */
function oddBatch(): TokenBatch {
  return {
    ...randomBatch(1, 3, 83),
    documents: Uint32Array.from({ length: 3 * 83 }, (_, i) => Math.floor(i / 31)),
  };
}

function relativeDifference(a: Float32Array, b: Float32Array): number {
  assert.equal(a.length, b.length);
  const norm = (values: Float32Array) => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0));
  return norm(a.map((value, i) => value - (b[i] ?? NaN))) / norm(b);
}

for (const [tier, tolerance] of [["f32", 1e-5], ["f16", 5e-3]] as const) {
  for (const config of [ODD_MODEL, ODD_QWEN3]) {
    Deno.test(`webgpu: gradient() equals tfjs, twice the same bits, recomputed or not (${config.type}, ${tier})`, async () => {
      const batch = oddBatch();
      const weights = unevenWeights(config);
      await using oracle = await start(await createTfjsBackend(config), weights);
      await using backend = await open(config, tier, { weights });
      await using recomputing = await open(config, tier, { weights, recompute: true });
      const expected = await oracle.gradient([batch]);
      const actual = await backend.gradient([batch]);
      assert.ok(Math.abs(actual.loss - expected.loss) < tolerance * expected.loss);
      for (const { name, offset, size } of parameterLayout(config)) {
        const part = ({ gradient }: typeof actual) => gradient.subarray(offset, offset + size);
        const difference = relativeDifference(part(actual), part(expected));
        assert.ok(difference < 2 * tolerance, `${name}: ${difference}`);
      }
      assert.deepEqual(await backend.gradient([batch]), actual);
      assert.deepEqual(await recomputing.gradient([batch]), actual);
    });
  }
}

Deno.test("webgpu: splitting a batch into micro-batches changes nothing but rounding", async () => {
  await using backend = await open(SMALL_MODEL, "f32");
  const [one, other] = [randomBatch(2, 1, 9), randomBatch(3, 1, 9)];
  const join = <T extends Uint32Array | Float32Array>(a: T, b: T) =>
    (a instanceof Uint32Array ? Uint32Array.of(...a, ...b) : Float32Array.of(...a, ...b)) as T;
  const whole = {
    sequences: 2,
    length: 9,
    tokens: join(one.tokens, other.tokens),
    targets: join(one.targets, other.targets),
    weights: join(one.weights, other.weights),
  };
  const [a, b] = [await backend.gradient([whole]), await backend.gradient([one, other])];
  assert.ok(Math.abs(a.loss - b.loss) < 1e-6);
  assert.ok(relativeDifference(a.gradient, b.gradient) < 1e-6);
});

Deno.test("webgpu: evaluate() gives each sequence's own sum", async () => {
  await using backend = await open(SMALL_MODEL, "f32");
  await using oracle = await start(await createTfjsBackend(SMALL_MODEL));
  const batch = randomBatch(4, 3, 7);
  const [actual, expected] = [await backend.evaluate(batch), await oracle.evaluate(batch)];
  assert.ok(relativeDifference(actual.negativeLogLikelihood, expected.negativeLogLikelihood) < 1e-6);
  assert.deepEqual(actual.weight, expected.weight);
});

Deno.test("webgpu: 200 steps on real text follow tfjs's losses within 1e-3", async () => {
  const text = await Deno.readFile(new URL("../../LICENSE", import.meta.url));
  const config = { ...SMALL_MODEL, vocabularySize: 128 };
  await using backend = await open(config, "f32");
  await using oracle = await start(await createTfjsBackend(config));
  const random = Random.of(1, "windows");
  let last = NaN;
  for (let step = 0; step < 200; step++) {
    const first = random.below(step, text.length - 17);
    const ids = Uint32Array.from(text.subarray(first, first + 17), (byte) => byte % 128);
    const batch = { sequences: 1, length: 16, tokens: ids.subarray(0, 16), targets: ids.subarray(1) };
    const [actual, expected] = [await backend.step([batch], UPDATE), await oracle.step([batch], UPDATE)];
    assert.ok(
      Math.abs(actual.loss - expected.loss) < 1e-3,
      `step ${step}: ${actual.loss}, tfjs ${expected.loss}`,
    );
    last = expected.loss;
  }
  assert.ok(last < 3.5, `it learns: ${last}`);
});

Deno.test("webgpu: an f16 gradient that overflows is computed again with a smaller loss scale", async () => {
  await using backend = await open(SMALL_MODEL, "f16");
  await using other = await open(SMALL_MODEL, "f16");
  const batch = randomBatch(5, 2, 6);
  await other.importState({ ...await other.exportState(), lossScale: 2 ** 20 });
  const [expected, actual] = [await backend.step([batch], UPDATE), await other.step([batch], UPDATE)];
  assert.ok(Math.abs(actual.gradientNorm / expected.gradientNorm - 1) < 5e-3);
  assert.equal(actual.loss, expected.loss);
  const { lossScale = NaN, step } = await other.exportState();
  assert.ok(lossScale < 2 ** 20 && lossScale >= 2, `${lossScale}`);
  assert.equal(step, 1);
});

Deno.test("webgpu: a step without a finite loss changes nothing and says so", async () => {
  for (const tier of ["f32", "f16"] as const) {
    const weights = initialise(SMALL_MODEL, 1);
    weights[weights.length - 1] = NaN;
    await using backend = await start(
      await createWebgpuBackend(SMALL_MODEL, { provider: "deno", tier }),
      weights,
    );
    const before = await backend.exportState();
    const result = await backend.step([randomBatch(5, 1, 4)], UPDATE);
    assert.ok(Number.isNaN(result.loss));
    assert.deepEqual(await backend.exportState(), before);
  }
});

Deno.test("webgpu: the state that goes out and in again goes on as if nothing had happened", async () => {
  for (const tier of ["f32", "f16"] as const) {
    await using one = await open(SMALL_MODEL, tier);
    await using other = await open(SMALL_MODEL, tier);
    await one.step([randomBatch(6, 1, 4)], UPDATE);
    await other.importState(await one.exportState());
    const next = randomBatch(7, 1, 4);
    assert.deepEqual(await one.step([next], UPDATE), await other.step([next], UPDATE));
    assert.deepEqual(await one.exportState(), await other.exportState());
  }
});

Deno.test("webgpu: a state brings the tiles that its run began with", async () => {
  const tuning = { adapter: "another", products: { any: { tile: "vector 64x64x16 8x4", split: 1 } } };
  await using backend = await open(SMALL_MODEL, "f32");
  const before = await backend.exportState();
  await backend.importState({ ...before, tuning });
  assert.deepEqual(await backend.exportState(), { ...before, tuning });
  assert.ok(Number.isFinite((await backend.step([randomBatch(6, 1, 4)], UPDATE)).loss));
});

Deno.test("webgpu: shapes of batches may alternate, more of them than keep their buffers", async () => {
  await using backend = await open(SMALL_MODEL, "f32");
  const lengths = [3, 4, 5, 6, 7, 3];
  const losses = [];
  for (const length of lengths) losses.push((await backend.gradient([randomBatch(8, 1, length)])).loss);
  assert.equal(losses.at(-1), losses[0]);
});

Deno.test("webgpu: what cannot be had is one sentence", async () => {
  await assert.rejects(
    createWebgpuBackend(SMALL_MODEL, { provider: "deno", tier: "tensor" }),
    (error) => error instanceof RunError && /tensor tier is not available/.test(error.message),
  );
  await assert.rejects(createWebgpuBackend({ ...SMALL_MODEL, keyValueHeads: 3 }), /keyValueHeads is 3/);
  await using backend = await open(SMALL_MODEL, "f32");
  const state = await backend.exportState();
  await assert.rejects(
    backend.importState({ ...state, firstMoment: new Float32Array(3) }),
    /firstMoment has 3 entries, expected \d+ parameters/,
  );
});
