/** Every CPU backend against PyTorch and transformers: the files under tests/fixtures/model and their make.py. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { Teacher, TokenBatch, TrainBackend } from "../../lib/backends/backend.ts";
import { createTfjsBackend } from "../../lib/backends/tfjs.ts";
import { createWasmBackend } from "../../lib/backends/wasm.ts";
import { createWebgpuBackend } from "../../lib/backends/webgpu.ts";
import { SafetensorsFile } from "../../lib/core/safetensors.ts";
import { loadModel, type Model } from "../../lib/model/checkpoint.ts";
import { type ModelConfig, parameterLayout } from "../../lib/model/config.ts";
import { reorderHeads } from "../../lib/model/hugging_face_tensors.ts";
import { start, UPDATE as DEFAULTS } from "./small_model.ts";

const BACKENDS: Record<string, (config: ModelConfig) => Promise<TrainBackend>> = {
  tfjs: createTfjsBackend,
  wasm: (config) => createWasmBackend(config, { workers: 2 }),
  webgpu: (config) => createWebgpuBackend(config, { provider: "deno", tier: "f32" }),
};
// The others run everywhere; this one needs an adapter, real or lavapipe.
if (await navigator.gpu?.requestAdapter() === null) delete BACKENDS["webgpu"];

/** What make.py writes: llama4_text with and without QK-norm, and the types that can be imported. */
const VARIANTS = ["tied", "untied", "llama_scaled", "llama_tied", "qwen3_tied", "qwen3_untied"];

/** make.py's settings. */
const UPDATE = { ...DEFAULTS, maxGradientNorm: 3 };

class Golden implements Disposable {
  private constructor(readonly model: Model, private readonly file: SafetensorsFile) {}

  static async open(variant: string): Promise<Golden> {
    const directory = fileURLToPath(new URL(`../fixtures/model/${variant}`, import.meta.url));
    return new Golden(
      await loadModel(directory),
      await SafetensorsFile.open(`${directory}/golden.safetensors`),
    );
  }

  floats(name: string): Promise<Float32Array> {
    return this.file.readFloat32(name);
  }

  async integers(name: string): Promise<Uint32Array> {
    return new Uint32Array((await this.file.readBytes(name)).buffer);
  }

  /** The batch that all cases share, without weights, documents or teacher. */
  async batch(): Promise<TokenBatch> {
    const [sequences = 0, length = 0] = this.file.info("tokens").shape;
    return {
      sequences,
      length,
      tokens: await this.integers("tokens"),
      targets: await this.integers("targets"),
    };
  }

  /** The gradient in our order; transformers stores some types' heads in another. */
  async gradient(name: string): Promise<Float32Array> {
    const stored = await this.floats(`${name}.gradient`);
    const { config } = this.model;
    for (const spec of parameterLayout(config)) {
      const part = stored.subarray(spec.offset, spec.offset + spec.size);
      part.set(reorderHeads(config, spec, part, "from file"));
    }
    return stored;
  }

  async backend(create: (config: ModelConfig) => Promise<TrainBackend>): Promise<TrainBackend> {
    return await start(await create(this.model.config), this.model.weights);
  }

  [Symbol.dispose](): void {
    this.file[Symbol.dispose]();
  }
}

function maxDifference(a: Float32Array, b: Float32Array): number {
  assert.equal(a.length, b.length);
  return a.reduce((max, value, i) => Math.max(max, Math.abs(value - (b[i] ?? NaN))), 0);
}

/** ‖a − b‖ / ‖b‖. */
function relativeDifference(a: Float32Array, b: Float32Array): number {
  assert.equal(a.length, b.length);
  return Math.hypot(...a.map((value, i) => value - (b[i] ?? NaN))) / Math.hypot(...b);
}

function assertClose(actual: number, expected: number, tolerance: number): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual}, expected ${expected} ± ${tolerance}`);
}

async function assertLossAndGradient(
  backend: TrainBackend,
  golden: Golden,
  name: string,
  batch: TokenBatch,
): Promise<void> {
  const { loss, gradient } = await backend.gradient([batch]);
  assertClose(loss, (await golden.floats(`${name}.loss`))[0] ?? NaN, 1e-4);
  const expected = await golden.gradient(name);
  for (const { name: tensor, offset, size } of parameterLayout(backend.config)) {
    const part = (flat: Float32Array) => flat.subarray(offset, offset + size);
    const difference = relativeDifference(part(gradient), part(expected));
    assert.ok(difference < 1e-4, `${tensor}: the gradient is off by ${difference}`);
  }
}

for (const [backendName, create] of Object.entries(BACKENDS)) {
  for (const variant of VARIANTS) {
    Deno.test(`${backendName}: logits, loss and gradient equal transformers' (${variant})`, async () => {
      using golden = await Golden.open(variant);
      await using backend = await golden.backend(create);
      const batch = await golden.batch();
      const logits = await golden.floats("logits");
      assert.ok(maxDifference(await backend.logits(batch), logits) < 1e-4);
      const { vocabularySize } = backend.config;
      const last = await backend.logits(batch, "last");
      for (let sequence = 0; sequence < batch.sequences; sequence++) {
        const end = (sequence + 1) * batch.length * vocabularySize;
        const ours = last.subarray(sequence * vocabularySize, (sequence + 1) * vocabularySize);
        assert.ok(maxDifference(ours, logits.subarray(end - vocabularySize, end)) < 1e-4);
      }
      await assertLossAndGradient(backend, golden, "plain", batch);
    });
  }

  Deno.test(`${backendName}: weighted targets equal PyTorch's`, async () => {
    using golden = await Golden.open("tied");
    await using backend = await golden.backend(create);
    const batch = { ...await golden.batch(), weights: await golden.floats("weights") };
    await assertLossAndGradient(backend, golden, "masked", batch);
    const { negativeLogLikelihood, weight } = await backend.evaluate(batch);
    const total = (values: Float32Array) => values.reduce((a, b) => a + b, 0);
    assertClose(
      total(negativeLogLikelihood) / total(weight),
      (await golden.floats("masked.loss"))[0] ?? NaN,
      1e-4,
    );
  });

  Deno.test(`${backendName}: packed documents equal transformers' with a 4-dimensional mask`, async () => {
    using golden = await Golden.open("tied");
    await using backend = await golden.backend(create);
    const batch = { ...await golden.batch(), documents: await golden.integers("documents") };
    assert.ok(maxDifference(await backend.logits(batch), await golden.floats("packed.logits")) < 1e-4);
    await assertLossAndGradient(backend, golden, "packed", batch);
  });

  Deno.test(`${backendName}: distillation equals torch.nn.functional.kl_div`, async (t) => {
    using golden = await Golden.open("tied");
    await using backend = await golden.backend(create);
    const batch = { ...await golden.batch(), weights: await golden.floats("weights") };
    const logits = await golden.floats("teacher");
    const cases: Record<string, Teacher> = {
      forward: { logits, temperature: 2, direction: "forward", crossEntropyShare: 0 },
      reverse: { logits, temperature: 1.5, direction: "reverse", crossEntropyShare: 0.25 },
      topk: {
        logits: await golden.floats("top"),
        ids: await golden.integers("ids"),
        temperature: 2,
        direction: "forward",
        crossEntropyShare: 0.3,
      },
    };
    for (const [name, teacher] of Object.entries(cases)) {
      await t.step(name, () => assertLossAndGradient(backend, golden, name, { ...batch, teacher }));
    }
  });

  Deno.test(`${backendName}: step() equals torch.optim.AdamW with clip_grad_norm_`, async () => {
    using golden = await Golden.open("tied");
    await using backend = await golden.backend(create);
    const batches = await golden.integers("updates.batches");
    const [losses, norms] = [await golden.floats("updates.losses"), await golden.floats("updates.norms")];
    const { sequences, length } = await golden.batch();
    for (let step = 0; step < losses.length; step++) {
      // One micro-batch a sequence: splitting changes nothing.
      const microBatches = Array.from({ length: sequences }, (_, i) => {
        const start = (step * sequences + i) * (length + 1);
        return {
          sequences: 1,
          length,
          tokens: batches.subarray(start, start + length),
          targets: batches.subarray(start + 1, start + 1 + length),
        };
      });
      const result = await backend.step(microBatches, UPDATE);
      assertClose(result.loss, losses[step] ?? NaN, 1e-4);
      assertClose(result.gradientNorm, norms[step] ?? NaN, 1e-4);
      assert.equal(result.tokens, sequences * length);
    }
    const state = await backend.exportState();
    assert.equal(state.step, losses.length);
    // A gradient near zero turns AdamW's m/√v into a sign: single weights may differ by a rate's fraction.
    assert.ok(relativeDifference(state.weights, await golden.floats("updates.weights")) < 1e-4);
  });
}
