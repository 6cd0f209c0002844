import assert from "node:assert/strict";
import type { TokenBatch } from "../../lib/backends/backend.ts";
import { influenceGroups } from "../../lib/backends/influence.ts";
import { createTfjsBackend } from "../../lib/backends/tfjs.ts";
import { createTfjsInfluence } from "../../lib/backends/tfjs_influence.ts";
import { createWasmInfluence } from "../../lib/backends/wasm_influence.ts";
import { createWebgpuInfluence } from "../../lib/backends/webgpu_influence.ts";
import { RunError, UsageError } from "../../lib/core/errors.ts";
import type { ModelConfig } from "../../lib/model/config.ts";
import { initialise } from "../../lib/model/initialise.ts";
import { dataInf, inverseHessianProducts, meanGradient } from "../../lib/mixture/datainf.ts";
import { randomBatch, SMALL_MODEL, start } from "../backends/small_model.ts";
import {
  at,
  dot,
  type Gradients,
  naiveInverseHessianProduct,
  samples,
  StoredGradients,
} from "./stored_gradients.ts";

/** The gradient of each sequence's mean loss, by the oracle. */
async function singleGradients(config: ModelConfig, batches: readonly TokenBatch[]): Promise<Float32Array[]> {
  await using backend = await start(await createTfjsBackend(config));
  const gradients: Float32Array[] = [];
  for (const { sequences, length, tokens, targets, weights } of batches) {
    for (let i = 0; i < sequences; i++) {
      const own = <T extends Uint32Array | Float32Array>(array: T) =>
        array.subarray(i * length, (i + 1) * length) as T;
      const single = { sequences: 1, length, tokens: own(tokens), targets: own(targets) };
      gradients.push(
        (await backend.gradient([{ ...single, ...(weights && { weights: own(weights) }) }])).gradient,
      );
    }
  }
  return gradients;
}

function mean(gradients: Gradients): Float64Array {
  const first = gradients[0] ?? [];
  return Float64Array.from(
    first,
    (_, i) => gradients.reduce((sum, gradient) => sum + at(gradient, i), 0) / gradients.length,
  );
}

const BACKENDS = {
  tfjs: (config: ModelConfig) => createTfjsInfluence(config, "all"),
  wasm: (config: ModelConfig) => createWasmInfluence(config, "all"),
  webgpu: (config: ModelConfig) => createWebgpuInfluence(config, "all", { provider: "deno", tier: "f32" }),
};

for (const tiedEmbeddings of [true, false]) {
  for (const [name, create] of Object.entries(BACKENDS)) {
    const kind = tiedEmbeddings ? "tied" : "untied";
    Deno.test(`dataInf() equals stored gradients in 64 bits in every tensor: ${name}, ${kind}`, async () => {
      const config = { ...SMALL_MODEL, tiedEmbeddings };
      const [probe, candidates] = [[randomBatch(1, 3, 11)], [randomBatch(2, 4, 9), randomBatch(3, 2, 14)]];
      const [v, own] = [
        mean(await singleGradients(config, probe)),
        await singleGradients(config, candidates),
      ];
      await using backend = await create(config);
      await backend.load(initialise(config, 1));
      const gradient = await meanGradient(backend, { name: "probe", batches: probe });
      const { vectors } = await inverseHessianProducts(backend, [gradient], candidates);
      const totals = new Float64Array(own.length);
      const plain = new Float64Array(own.length);
      let first = 0;
      for (const batch of candidates) {
        const [products] = await backend.sequenceProducts(batch, vectors);
        backend.groups.forEach((group, i) => {
          const expected = naiveInverseHessianProduct(own, v, group);
          for (let k = 0; k < batch.sequences; k++) {
            const g = own[first + k]?.subarray(group.offset, group.offset + group.size) ?? [];
            const score = dot(expected, g);
            const tolerance = 1e-4 * Math.sqrt(dot(expected, expected) * dot(g, g));
            const actual = products?.[k * backend.groups.length + i] ?? NaN;
            assert.ok(Math.abs(actual - score) <= tolerance, `${group.name}: ${actual}, expected ${score}`);
            totals[first + k] = at(totals, first + k) + score;
            plain[first + k] = at(plain, first + k) + dot(g, v.subarray(group.offset));
          }
        });
        first += batch.sequences;
      }

      const [result] = await dataInf(backend, [{ name: "probe", batches: probe }], candidates);
      assert.equal(result?.probe, "probe");
      const largest = Math.max(...totals.map(Math.abs));
      totals.forEach((score, k) => {
        assert.ok(Math.abs(at(result?.influence ?? [], k) - score) <= 1e-4 * largest);
        assert.ok(Math.abs(at(result?.gradientProduct ?? [], k) - at(plain, k)) <= 1e-4 * largest);
      });
    });
  }
}

const GROUPS = [{ name: "first", offset: 0, size: 2 }, { name: "second", offset: 2, size: 1 }];

Deno.test("dataInf() gives each probe what it has alone", async () => {
  const backend = new StoredGradients([[1, 0, 2], [0, 1, 1], [1, 1, -1], [2, -1, 0]], GROUPS);
  const probes = [
    { name: "a", batches: [samples([0])] },
    { name: "b", batches: [samples([1]), samples([0])] },
  ];
  const candidates = [samples([1, 2]), samples([3])];
  const together = await dataInf(backend, probes, candidates);
  const alone = [];
  for (const probe of probes) alone.push(...await dataInf(backend, [probe], candidates));
  assert.deepEqual(together, alone);
});

Deno.test("dataInf() is positive for a candidate whose gradient is the probe's, negative for its opposite", async () => {
  const backend = new StoredGradients([[1, 2, 3], [1, 2, 3], [-1, -2, -3]], GROUPS);
  const [result] = await dataInf(backend, [{ name: "a", batches: [samples([0])] }], [samples([1, 2])]);
  assert.ok(at(result?.influence ?? [], 0) > 0);
  assert.ok(at(result?.influence ?? [], 1) < 0);
});

Deno.test("dataInf() finds no influence through a tensor without gradients", async () => {
  const backend = new StoredGradients([[1, 2, 5], [1, 2, 0], [2, 1, 0]], GROUPS);
  const [result] = await dataInf(backend, [{ name: "a", batches: [samples([0])] }], [samples([1, 2])]);
  assert.ok(result?.influence.every(Number.isFinite));
  const { vectors } = await inverseHessianProducts(backend, [Float32Array.of(1, 2, 5)], [samples([1, 2])]);
  assert.equal(vectors[0]?.[2], 0);
});

Deno.test("dataInf() refuses empty probes and candidates, and candidates that change", async () => {
  const backend = new StoredGradients([[1, 0, 2], [0, 1, 1]], GROUPS);
  const probe = { name: "code", batches: [samples([0])] };
  const rejects = (work: Promise<unknown>, message: RegExp) =>
    assert.rejects(work, (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, message);
      return true;
    });
  await rejects(
    dataInf(backend, [{ name: "code", batches: [] }], [samples([1])]),
    /probe "code" has no sequences/,
  );
  await rejects(dataInf(backend, [probe], []), /there are no candidates/);
  const once = [samples([0, 1])].values();
  await rejects(dataInf(backend, [probe], once), /were 2 sequences at first and 0 when read again/);
  let reads = 0;
  const growing = {
    *[Symbol.iterator]() {
      for (let i = 0; i <= reads; i++) yield samples([1]);
      reads++;
    },
  };
  await rejects(dataInf(backend, [probe], growing), /were 1 sequences at first and 2 when read again/);
});

Deno.test("dataInf() says which gradient is not finite, and where", async () => {
  const backend = new StoredGradients([[1, 0, 2], [0, 1, 1], [0, 1, NaN]], GROUPS);
  const probe = { name: "code", batches: [samples([0])] };
  const rejects = (work: Promise<unknown>, message: string) =>
    assert.rejects(work, (error) => {
      assert.ok(error instanceof RunError);
      assert.equal(error.message, message);
      return true;
    });
  await rejects(
    dataInf(backend, [probe], [samples([1]), samples([0, 2])]),
    "Influence: the gradient of candidate 2 is not finite in second.",
  );
  await rejects(
    dataInf(backend, [{ name: "math", batches: [samples([2])] }], [samples([1])]),
    'Influence: the gradient of probe "math" is not finite in second.',
  );
});

Deno.test("dataInf() says it of a model whose weights are not finite", async () => {
  await using backend = await createWasmInfluence(SMALL_MODEL, "all", { workers: 1 });
  await backend.load(initialise(SMALL_MODEL, 1).fill(NaN, 0, 600));
  const probe = { name: "code", batches: [randomBatch(1, 2, 5)] };
  await assert.rejects(
    dataInf(backend, [probe], probe.batches),
    /^RunError: Influence: the gradient of probe "code" is not finite in model.embed_tokens.weight/,
  );
});

Deno.test("dataInf() takes the embedding alone where the backend does", async () => {
  await using backend = await createWasmInfluence(SMALL_MODEL, "embedding and head", { workers: 1 });
  await backend.load(initialise(SMALL_MODEL, 1));
  const [probe, candidates] = [[randomBatch(1, 3, 11)], [randomBatch(2, 4, 9)]];
  const [result] = await dataInf(backend, [{ name: "probe", batches: probe }], candidates);
  const [v, own] = [
    mean(await singleGradients(SMALL_MODEL, probe)),
    await singleGradients(SMALL_MODEL, candidates),
  ];
  const [embedding] = influenceGroups(SMALL_MODEL, "embedding and head");
  assert.ok(embedding);
  const vector = naiveInverseHessianProduct(own, v, embedding);
  own.forEach((g, k) => {
    const score = dot(vector, g);
    const tolerance = 1e-4 * Math.sqrt(dot(vector, vector) * dot(g, g, 0, embedding.size));
    assert.ok(Math.abs(at(result?.influence ?? [], k) - score) <= tolerance);
  });
});
