import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { UsageError } from "../../lib/core/errors.ts";
import { SafetensorsFile, type TensorData, writeSafetensors } from "../../lib/core/safetensors.ts";
import { loadConfig, loadModel, saveModel } from "../../lib/model/checkpoint.ts";
import { parameterLayout } from "../../lib/model/config.ts";
import { initialise } from "../../lib/model/initialise.ts";
import { SMALL_MODEL } from "../backends/small_model.ts";

const WEIGHTS = initialise(SMALL_MODEL, 1);

/** The tensors of SMALL_MODEL as a file holds them. */
function tensors(): Map<string, TensorData> {
  return new Map(
    parameterLayout(SMALL_MODEL).map(({ name, shape, offset, size }) => [
      name,
      { dtype: "F32", shape, data: WEIGHTS.subarray(offset, offset + size) },
    ]),
  );
}

async function withSavedModel(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await saveModel(directory, SMALL_MODEL, WEIGHTS, { run: "tests" });
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function rejects(promise: Promise<unknown>, message: RegExp): Promise<void> {
  return assert.rejects(promise, (error) => error instanceof UsageError && message.test(error.message));
}

Deno.test("loadModel() gives back what saveModel() saved", () =>
  withSavedModel(async (directory) => {
    assert.deepEqual(await loadModel(directory), { config: SMALL_MODEL, weights: WEIGHTS });
    using file = await SafetensorsFile.open(join(directory, "model.safetensors"));
    assert.deepEqual(file.metadata, { format: "pt", run: "tests" });
    assert.deepEqual([...file.tensors.keys()], parameterLayout(SMALL_MODEL).map(({ name }) => name));
    assert.deepEqual([...Deno.readDirSync(directory)].map(({ name }) => name).sort(), [
      "config.json",
      "model.safetensors",
    ]);
  }));

Deno.test("loadModel() reads a directory that transformers saved", async () => {
  const { config, weights } = await loadModel(
    fileURLToPath(new URL("../fixtures/model/untied", import.meta.url)),
  );
  assert.equal(config.tiedEmbeddings, false);
  assert.equal(config.queryKeyNorm, "none");
  assert.equal(config.ropeTheta, 500);
  assert.equal(config.normEpsilon, 1e-3);
  assert.ok(weights.every(Number.isFinite));
});

Deno.test("loadModel() takes a tied head that is stored again", () =>
  withSavedModel(async (directory) => {
    const withHead = tensors();
    const embedding = withHead.get("model.embed_tokens.weight");
    assert.ok(embedding);
    await writeSafetensors(join(directory, "model.safetensors"), withHead.set("lm_head.weight", embedding));
    assert.deepEqual((await loadModel(directory)).weights, WEIGHTS);
  }));

Deno.test("loadModel() names a tensor that is missing, misshapen or unknown", () =>
  withSavedModel(async (directory) => {
    const file = join(directory, "model.safetensors");
    const data = new Float32Array(4);

    const missing = tensors();
    missing.delete("model.norm.weight");
    await writeSafetensors(file, missing);
    await rejects(loadModel(directory), /model\.safetensors has no tensor "model\.norm\.weight"/);

    await writeSafetensors(file, tensors().set("model.norm.weight", { dtype: "F32", shape: [4], data }));
    await rejects(loadModel(directory), /"model\.norm\.weight" has shape \[4\], config\.json wants \[16\]/);

    await writeSafetensors(file, tensors().set("model.norm.bias", { dtype: "F32", shape: [4], data }));
    await rejects(loadModel(directory), /"model\.norm\.bias" is not part of the model/);
  }));

Deno.test("saveModel() refuses weights of another model", async () => {
  await assert.rejects(saveModel("nowhere", SMALL_MODEL, WEIGHTS.subarray(1)), /weights, expected/);
});

Deno.test("loadConfig() names a file that is missing or broken", () =>
  withSavedModel(async (directory) => {
    await rejects(loadConfig(join(directory, "other.json")), /other\.json does not exist/);
    await Deno.writeTextFile(join(directory, "config.json"), '{"model_type":');
    await rejects(loadConfig(join(directory, "config.json")), /config\.json is no valid JSON/);
  }));
