import assert from "node:assert/strict";
import { createTfjsBackend } from "../../../lib/backends/tfjs.ts";
import type { TrainBackend } from "../../../lib/backends/backend.ts";
import { createWasmBackend } from "../../../lib/backends/wasm.ts";
import { createWebgpuBackend } from "../../../lib/backends/webgpu.ts";
import { Random } from "../../../lib/core/random.ts";
import { initialise } from "../../../lib/model/initialise.ts";
import {
  policyBatches,
  type Rollout,
  targetLogProbabilities,
  withRatios,
} from "../../../lib/train/grpo/objective.ts";
import { config } from "./policy.ts";

const ROLLOUTS: Rollout[] = [
  { prompt: Uint32Array.of(1, 2, 3), answer: Uint32Array.of(4, 5), advantage: 1.25 },
  { prompt: Uint32Array.of(1, 2, 3), answer: Uint32Array.of(6, 7, 8, 0), advantage: -0.75 },
  { prompt: Uint32Array.of(9), answer: Uint32Array.of(3), advantage: 0.5 },
  { prompt: Uint32Array.of(9, 4), answer: Uint32Array.of(10, 3, 2), advantage: -1 },
];
const CLIP = 0.2;

async function load(backend: TrainBackend, weights: Float32Array) {
  const zeros = new Float32Array(weights.length);
  await backend.importState({ step: 0, weights, firstMoment: zeros, secondMoment: zeros });
}

/** J as it is written, from the logits of each rollout alone. */
async function objective(backend: TrainBackend, old: readonly (readonly number[])[]): Promise<number> {
  let total = 0;
  for (const [i, rollout] of ROLLOUTS.entries()) {
    const { answer, advantage } = rollout;
    const now = await logProbabilities(backend, rollout);
    const terms = now.map((value, t) => {
      const ratio = Math.exp(value - (old[i]?.[t] ?? NaN));
      return Math.min(ratio * advantage, Math.min(Math.max(ratio, 1 - CLIP), 1 + CLIP) * advantage);
    });
    total += terms.reduce((a, b) => a + b, 0) / answer.length;
  }
  return total / ROLLOUTS.length;
}

async function logProbabilities(backend: TrainBackend, { prompt, answer }: Rollout): Promise<number[]> {
  const tokens = Uint32Array.of(...prompt, ...answer);
  const { vocabularySize: size } = backend.config;
  const logits = await backend.logits({ sequences: 1, length: tokens.length, tokens }, "all");
  return [...answer].map((token, t) => {
    const row = logits.subarray((prompt.length + t - 1) * size, (prompt.length + t) * size);
    return (row[token] ?? NaN) - Math.log(row.reduce((sum, logit) => sum + Math.exp(logit), 0));
  });
}

for (const [name, create] of [["tfjs", createTfjsBackend], ["wasm", createWasmBackend]] as const) {
  Deno.test(`policyBatches() and withRatios() give the gradient of the clipped objective on ${name}`, async () => {
    await using backend = await create(config);
    const before = initialise(config, 1);
    const random = Random.of(3, "shift");
    const after = before.map((weight, i) => weight + 0.12 * random.normal(i));
    await load(backend, before);
    const old: number[][] = [];
    for (const rollout of ROLLOUTS) old.push(await logProbabilities(backend, rollout));
    const batches = policyBatches(ROLLOUTS, 3);
    const oldTargets: Float32Array[] = [];
    for (const batch of batches) oldTargets.push(await targetLogProbabilities(backend, batch));

    await load(backend, after);
    const weighted = [];
    for (const [i, batch] of batches.entries()) {
      weighted.push(withRatios(batch, oldTargets[i]!, await targetLogProbabilities(backend, batch), CLIP));
    }
    // Some terms are clipped and some are not, or the test would show little.
    const weights = weighted.flatMap((batch, i) =>
      [...batch.weights!].filter((_, j) => batches[i]!.weights![j] !== 0)
    );
    assert.ok(weights.some((weight) => weight === 0) && weights.filter((weight) => weight !== 0).length >= 3);

    const { gradient } = await backend.gradient(weighted);
    // Central differences along random directions.
    for (const seed of [1, 2, 3]) {
      const direction = Random.of(seed, "direction");
      const step = 1e-3;
      const moved = async (sign: number) => {
        await load(backend, after.map((weight, i) => weight + sign * step * direction.normal(i)));
        return await objective(backend, old);
      };
      const expected = (await moved(1) - await moved(-1)) / (2 * step);
      const found = -gradient.reduce((sum, g, i) => sum + g * direction.normal(i), 0);
      assert.ok(
        Math.abs(found - expected) < 2e-3 * Math.max(1, Math.abs(expected)),
        `${found}, expected ${expected}`,
      );
    }
  });
}

Deno.test("policyBatches() weighs answers alone, and splitting changes no gradient", async () => {
  await using backend = await createWasmBackend(config);
  await load(backend, initialise(config, 1));
  const [whole] = policyBatches(ROLLOUTS, 4);
  assert.equal(whole?.length, 32);
  assert.deepEqual([...whole?.weights?.subarray(0, 6) ?? []], [0, 0, 0.625, 0.625, 0, 0]);
  assert.deepEqual([...whole?.tokens.subarray(0, 6) ?? []], [1, 2, 3, 4, 0, 0]);
  assert.deepEqual([...whole?.targets.subarray(0, 6) ?? []], [0, 0, 4, 5, 0, 0]);
  const one = await backend.gradient(policyBatches(ROLLOUTS, 4));
  const split = await backend.gradient(policyBatches(ROLLOUTS, 1));
  one.gradient.forEach((g, i) => assert.ok(Math.abs(g - (split.gradient[i] ?? NaN)) < 1e-6));
});

Deno.test("policyBatches() have the same gradient on webgpu", async () => {
  const batches = policyBatches(ROLLOUTS, 3);
  await using wasm = await createWasmBackend(config);
  await using webgpu = await createWebgpuBackend(config, { provider: "deno", tier: "f32" });
  const gradients: Float32Array[] = [];
  for (const backend of [wasm, webgpu]) {
    await load(backend, initialise(config, 1));
    gradients.push((await backend.gradient(batches)).gradient);
  }
  const [expected, found] = gradients;
  expected?.forEach((g, i) =>
    assert.ok(Math.abs(g - (found?.[i] ?? NaN)) < 1e-5, `${i}: ${g}, ${found?.[i]}`)
  );
});

Deno.test("withRatios() stops where a ratio has gone far enough, on the advantage's side only", () => {
  const batch = {
    sequences: 1,
    length: 4,
    tokens: new Uint32Array(4),
    targets: new Uint32Array(4),
    weights: Float32Array.of(1, 1, -1, -1),
  };
  const now = Float32Array.of(0.5, -0.5, 0.5, -0.5);
  const { weights } = withRatios(batch, new Float32Array(4), now, 0.2);
  assert.deepEqual([...weights!], [0, Math.fround(Math.exp(-0.5)), -Math.fround(Math.exp(0.5)), 0]);
});
