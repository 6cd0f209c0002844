import assert from "node:assert/strict";
import fc from "fast-check";
import { influenceGroups as kernelGroups } from "../../kernels/wasm/memory/influence.ts";
import { modelMemory } from "../../kernels/wasm/memory/model.ts";
import type { TokenBatch } from "../../lib/backends/backend.ts";
import {
  type InfluenceBackend,
  influenceGroups,
  type InfluenceTensors,
  meanWeights,
} from "../../lib/backends/influence.ts";
import { createTfjsBackend } from "../../lib/backends/tfjs.ts";
import { createTfjsInfluence } from "../../lib/backends/tfjs_influence.ts";
import { createWasmInfluence } from "../../lib/backends/wasm_influence.ts";
import { createWebgpuInfluence } from "../../lib/backends/webgpu_influence.ts";
import { RunError, UsageError } from "../../lib/core/errors.ts";
import { Random } from "../../lib/core/random.ts";
import type { ModelConfig } from "../../lib/model/config.ts";
import { initialise } from "../../lib/model/initialise.ts";
import { FUNCTIONS, randomBatch, SMALL_MODEL, start } from "./small_model.ts";

function normals(seed: number, count: number): Float32Array {
  const values = new Float32Array(count);
  Random.of(seed, "influence").fillNormal(values, 1);
  return values;
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? NaN), 0);
}

/** A batch whose ids lie in the config's vocabulary. */
function batchFor(config: ModelConfig, seed: number, sequences: number, length: number): TokenBatch {
  const batch = randomBatch(seed, sequences, length);
  const known = (ids: Uint32Array) => ids.map((id) => id % config.vocabularySize);
  return { ...batch, tokens: known(batch.tokens), targets: known(batch.targets) };
}

async function loaded(backend: Promise<InfluenceBackend>, config: ModelConfig): Promise<InfluenceBackend> {
  const result = await backend;
  await result.load(initialise(config, 1));
  return result;
}

/** Everything that a backend says of a batch, from the same vectors and coefficients. */
async function results(backend: InfluenceBackend, batch: TokenBatch, seeds: readonly number[]) {
  const vectors = seeds.map((seed) => normals(seed, backend.parameters));
  const sums = seeds.map((seed) => ({
    coefficients: normals(seed, batch.sequences * backend.groups.length),
    sum: new Float32Array(backend.parameters),
  }));
  await backend.addWeightedGradients(batch, sums);
  return {
    ...await backend.sequenceProductsAndNorms(batch, vectors),
    again: await backend.sequenceProducts(batch, vectors),
    vectors,
    sums,
  };
}

/**
 * A backend and tfjs agree in every group, to a tolerance of ‖V‖‖g‖, ‖g‖² and ‖Σ c·g‖. A thousandth of the sequence's whole ‖g‖²
 * counts beside the group's own, which may be nothing but rounding: with one position, queries and keys change nothing.
 */
async function assertAgreement(
  config: ModelConfig,
  tensors: InfluenceTensors,
  batch: TokenBatch,
  backend: Promise<InfluenceBackend>,
  most = 1e-5,
) {
  await using oracle = await loaded(createTfjsInfluence(config, tensors), config);
  await using ours = await loaded(backend, config);
  assert.deepEqual(ours.groups, oracle.groups);
  const [a, b] = [await results(ours, batch, [3, 4]), await results(oracle, batch, [3, 4])];
  const { groups } = oracle;
  for (let sequence = 0; sequence < batch.sequences; sequence++) {
    const first = sequence * groups.length;
    const whole = b.squaredNorms.subarray(first, first + groups.length).reduce((sum, norm) => sum + norm, 0);
    groups.forEach(({ name, offset, size }, group) => {
      const i = first + group;
      const norm = at(b.squaredNorms, i);
      const scale = norm + 1e-3 * whole;
      assertClose(at(a.squaredNorms, i), norm, most * scale, `${name}: ‖g‖²`);
      b.vectors.forEach((vector, v) => {
        const own = vector.subarray(offset, offset + size);
        const tolerance = most * Math.sqrt(scale * dot(own, own));
        for (const products of [a.products, a.again]) {
          assertClose(at(products[v] ?? [], i), at(b.products[v] ?? [], i), tolerance, `${name}: ⟨g, V⟩`);
        }
      });
    });
  }
  b.sums.forEach(({ sum }, v) => {
    const difference = sum.map((value, i) => value - at(a.sums[v]?.sum ?? [], i));
    assertClose(Math.sqrt(dot(difference, difference)), 0, most * Math.sqrt(dot(sum, sum)), "Σ c·g");
  });
}

function assertClose(actual: number, expected: number, tolerance: number, what: string) {
  assert.ok(
    Math.abs(actual - expected) <= tolerance,
    `${what}: ${actual}, expected ${expected} ± ${tolerance}`,
  );
}

function at(values: ArrayLike<number>, index: number): number {
  return values[index] ?? NaN;
}

Deno.test("influenceGroups() are the tensors that the kernels take, in their order", () => {
  for (const tiedEmbeddings of [true, false]) {
    for (const tensors of ["all", "embedding and head"] as const) {
      const config = { ...SMALL_MODEL, tiedEmbeddings };
      assert.deepEqual(
        kernelGroups(config, modelMemory(config), tensors).map(({ place, outputs, inputs }) => ({
          offset: place,
          shape: [outputs, inputs],
        })),
        influenceGroups(config, tensors).map(({ offset, shape }) => ({ offset, shape })),
      );
    }
  }
});

Deno.test("tfjs: products, norms and sums are those of single sequences' gradients", async () => {
  await using backend = await start(await createTfjsBackend(SMALL_MODEL));
  await using influence = await loaded(createTfjsInfluence(SMALL_MODEL, "all"), SMALL_MODEL);
  const batch = randomBatch(1, 1, 6);
  const { gradient } = await backend.gradient([batch]);
  const { products, squaredNorms } = await influence.sequenceProductsAndNorms(batch, [gradient]);
  influence.groups.forEach(({ offset, size }, i) => {
    const own = gradient.subarray(offset, offset + size);
    assert.ok(Math.abs((products[0]?.[i] ?? NaN) - dot(own, own)) < 1e-6 * dot(own, own));
    assert.ok(Math.abs((squaredNorms[i] ?? NaN) - dot(own, own)) < 1e-6 * dot(own, own));
  });
});

Deno.test("wasm: products, norms and sums equal the oracle's in every tensor, for any shape", async () => {
  const shapes = fc.record({
    keyValueHeads: fc.constantFrom(1, 2, 4),
    headSize: fc.constantFrom(4, 12),
    feedForwardWidth: fc.constantFrom(4, 20),
    vocabularySize: fc.integer({ min: 5, max: 70 }),
    layers: fc.integer({ min: 1, max: 2 }),
    chosen: fc.constantFrom(...FUNCTIONS),
    tiedEmbeddings: fc.boolean(),
    sequences: fc.integer({ min: 1, max: 3 }),
    length: fc.integer({ min: 1, max: 50 }),
    documentLength: fc.integer({ min: 1, max: 60 }),
    relaxed: fc.boolean(),
    tensors: fc.constantFrom<InfluenceTensors>("all", "embedding and head"),
  });
  await fc.assert(
    fc.asyncProperty(
      shapes,
      async ({ sequences, length, documentLength, relaxed, tensors, chosen, ...shape }) => {
        const config = { ...SMALL_MODEL, ...shape, ...chosen };
        const batch = batchFor(config, 1, sequences, length);
        const documents = batch.tokens.map((_, i) => Math.floor(i / documentLength));
        const options = { workers: 2, variant: relaxed ? "relaxed" : "simd" } as const;
        await assertAgreement(
          config,
          tensors,
          { ...batch, documents },
          createWasmInfluence(config, tensors, options),
        );
      },
    ),
    { numRuns: 10 },
  );
});

Deno.test("wasm: tiles of products, norms and sums change nothing but rounding", async () => {
  // Wide and long enough for several tiles of each kind.
  const config = { ...SMALL_MODEL, width: 264, layers: 1, feedForwardWidth: 332, vocabularySize: 530 };
  await assertAgreement(
    config,
    "all",
    batchFor(config, 2, 1, 170),
    createWasmInfluence(config, "all", { workers: 2 }),
  );
});

for (const [tier, most] of [["f32", 1e-5], ["f16", 5e-3]] as const) {
  Deno.test(`webgpu: products, norms and sums equal the oracle's in every tensor (${tier})`, async () => {
    // Lengths that no tile divides, and that all do: norms come from products of positions and from gradients. The first and
    // the last function of a config: llama4_text, and qwen3 with RoPE stretched.
    for (
      const [tiedEmbeddings, length, chosen] of [[true, 83, FUNCTIONS[0]], [
        false,
        96,
        FUNCTIONS.at(-1),
      ]] as const
    ) {
      const sizes = { tiedEmbeddings, vocabularySize: 131, width: 48, headSize: 12 };
      const config = { ...SMALL_MODEL, ...sizes, ...chosen };
      const batch = batchFor(config, 1, 3, length);
      const documents = batch.tokens.map((_, i) => Math.floor(i / 31));
      const backend = createWebgpuInfluence(config, "all", { provider: "deno", tier });
      await assertAgreement(config, "all", { ...batch, documents }, backend, most);
    }
  });
}

Deno.test("wasm: a batch whose logits go beyond what is held at once is taken in parts", async () => {
  const config = { ...SMALL_MODEL, width: 4, headSize: 4, layers: 1, vocabularySize: 110_000 };
  await using backend = await loaded(createWasmInfluence(config, "all", { workers: 2 }), config);
  const batch = batchFor(config, 4, 3, 60);
  const vectors = [normals(1, backend.parameters)];
  const whole = await backend.sequenceProductsAndNorms(batch, vectors);
  for (let i = 0; i < 3; i++) {
    const own = <T extends Uint32Array | Float32Array>(array: T) => array.subarray(60 * i, 60 * (i + 1)) as T;
    const { products, squaredNorms } = await backend.sequenceProductsAndNorms({
      sequences: 1,
      length: 60,
      tokens: own(batch.tokens),
      targets: own(batch.targets),
      ...(batch.weights && { weights: own(batch.weights) }),
    }, vectors);
    const groups = backend.groups.length;
    assert.deepEqual(products[0], whole.products[0]?.slice(i * groups, (i + 1) * groups));
    assert.deepEqual(squaredNorms, whole.squaredNorms.slice(i * groups, (i + 1) * groups));
  }
});

Deno.test("wasm: 1, 2 and 3 workers give the same bits", async () => {
  const of = async (workers: number) => {
    await using backend = await loaded(createWasmInfluence(SMALL_MODEL, "all", { workers }), SMALL_MODEL);
    return await results(backend, randomBatch(5, 3, 50), [1, 2]);
  };
  const one = await of(1);
  assert.deepEqual(await of(2), one);
  assert.deepEqual(await of(3), one);
});

Deno.test("meanWeights() refuses a sequence without a target", () => {
  const batch = { ...randomBatch(1, 2, 3), weights: Float32Array.of(1, 1, 1, 0, 0, 0) };
  assert.throws(() => meanWeights(batch), (error) => {
    assert.ok(error instanceof UsageError);
    assert.match(error.message, /^Batch: the weights of sequence 1 sum to 0, expected a target/);
    return true;
  });
});

for (const create of [createTfjsInfluence, createWasmInfluence, createWebgpuInfluence]) {
  Deno.test(`${create.name}() refuses vectors, sums and coefficients that do not fit`, async () => {
    await using backend = await create(SMALL_MODEL, "all");
    const batch = randomBatch(1, 2, 3);
    const short = new Float32Array(3);
    const whole = new Float32Array(backend.parameters);
    await assert.rejects(backend.sequenceProducts(batch, [whole, short]), /vectors\[1\] has 3 entries/);
    await assert.rejects(
      backend.addWeightedGradients(batch, [{ coefficients: short, sum: whole }]),
      /coefficients\[0\] has 3 entries, expected 30\./,
    );
    const coefficients = new Float32Array(2 * backend.groups.length);
    await assert.rejects(
      backend.addWeightedGradients(batch, [{ coefficients, sum: short }]),
      /sums\[0\] has 3 entries/,
    );
    await assert.rejects(backend.load(short), UsageError);
  });
}

Deno.test("wasm: what does not fit into 4 GiB is a RunError", async () => {
  await using backend = await createWasmInfluence(SMALL_MODEL, "all", { workers: 1 });
  const length = 32768;
  const tokens = new Uint32Array(length);
  await assert.rejects(
    backend.sequenceProducts({ sequences: 1, length, tokens, targets: tokens }, []),
    (error) => {
      assert.ok(error instanceof RunError);
      assert.match(error.message, /^Influence of 1 × 32768 tokens with 0 vectors .* needs 4\.\d GiB/);
      return true;
    },
  );
});
