import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { RunError, UsageError } from "../../lib/core/errors.ts";
import { SafetensorsFile } from "../../lib/core/safetensors.ts";
import { loadModel, saveModel } from "../../lib/model/checkpoint.ts";
import type { ModelConfig } from "../../lib/model/config.ts";
import { initialise } from "../../lib/model/initialise.ts";
import { exportModel, type ExportOptions, importModel } from "../../lib/model/interchange.ts";
import { StoredWeights } from "../../lib/model/stored_weights.ts";
import { inDirectory, names } from "../core/temporary.ts";
import { SMALL_MODEL } from "../backends/small_model.ts";

const FIXTURES = fileURLToPath(new URL("../fixtures/model", import.meta.url));
const PLAIN: ExportOptions = { elements: "float32", shardBytes: 1e9, tokenizer: "none" };
/** With a vocabulary that a tokenizer of ours has. */
const TRAINED: ModelConfig = { ...SMALL_MODEL, vocabularySize: 512 };

/** Every tensor of a directory, as it is stored. */
async function tensors(directory: string): Promise<Map<string, [string, string, Uint8Array]>> {
  using stored = await StoredWeights.open(directory);
  const found = new Map<string, [string, string, Uint8Array]>();
  for (const [name, file] of [...stored.tensors].sort(([a], [b]) => a < b ? -1 : 1)) {
    const { dtype, shape } = file.info(name);
    found.set(name, [dtype, shape.join(), await file.readBytes(name)]);
  }
  return found;
}

for (
  const [variant, elements, shards] of [
    ["tied", "float32", 1],
    ["untied", "float32", 1],
    ["llama_scaled", "float32", 4],
    ["llama_tied", "bfloat16", 1],
    ["qwen3_tied", "float32", 1],
    ["qwen3_untied", "float16", 2],
  ] as const
) {
  Deno.test(`importModel(), then exportModel(), gives back what transformers saved, to the bit (${variant})`, () =>
    inDirectory(async (directory) => {
      const original = join(FIXTURES, variant);
      const [middle, out] = [join(directory, "imported"), join(directory, "exported")];
      const { files, parameters } = await importModel(original, middle);
      assert.equal(files, shards);
      using one = await SafetensorsFile.open(join(middle, "model.safetensors"));
      assert.ok([...one.tensors.values()].every(({ dtype }) => dtype === "F32"));
      assert.deepEqual(await loadModel(middle), await loadModel(original));
      const options = { ...PLAIN, elements, shardBytes: shards === 1 ? 1e9 : 10_000 };
      const written = await exportModel(middle, out, options);
      assert.equal(written.bytes, parameters * (elements === "float32" ? 4 : 2));
      assert.ok(shards === 1 ? written.shards === 1 : written.shards > 1);
      assert.deepEqual(await tensors(out), await tensors(original));
      assert.deepEqual((await loadModel(out)).config, (await loadModel(original)).config);
      assert.deepEqual(await names(directory), ["exported", "imported"]);
    }));
}

Deno.test("exportModel() writes config.json, tokenizer and generation settings that agree", () =>
  inDirectory(async (directory) => {
    const model = join(directory, "model");
    await saveModel(model, TRAINED, initialise(TRAINED, 1));
    const out = join(directory, "out");
    await exportModel(model, out, { elements: "bfloat16", shardBytes: 10_000, tokenizer: "llama3-512" });
    const json = async (name: string) => JSON.parse(await Deno.readTextFile(join(out, name)));
    const { architectures, model_type, dtype, ...config } = await json("config.json");
    assert.deepEqual([architectures, model_type, dtype], [["Llama4ForCausalLM"], "llama4_text", "bfloat16"]);
    const generation = await json("generation_config.json");
    const { added_tokens } = await json("tokenizer.json");
    const id = (token: string) =>
      added_tokens.find(({ content }: { content: string }) => content === token).id;
    const ends = [id("<|end_of_text|>"), id("<|eot_id|>")];
    for (const file of [config, generation]) {
      assert.equal(file.bos_token_id, id("<|begin_of_text|>"));
      assert.deepEqual(file.eos_token_id, ends);
    }
    const { weight_map, metadata } = await json("model.safetensors.index.json");
    const shards = (await names(out)).filter((name) => name.endsWith(".safetensors"));
    assert.deepEqual([...new Set(Object.values(weight_map))].sort(), shards);
    assert.equal(shards[0], `model-00001-of-0000${shards.length}.safetensors`);
    const loaded = await loadModel(out);
    assert.equal(metadata.total_size, 2 * loaded.weights.length);
    // Rounded once, the weights stay.
    const again = join(directory, "again");
    await exportModel(out, again, { elements: "bfloat16", shardBytes: 1e9 });
    assert.deepEqual((await loadModel(again)).weights, loaded.weights);
    assert.deepEqual(
      await Deno.readFile(join(again, "tokenizer.json")),
      await Deno.readFile(join(out, "tokenizer.json")),
    );
  }));

Deno.test("importModel() keeps end tokens that only config.json names", () =>
  inDirectory(async (directory) => {
    const [model, out] = [join(directory, "model"), join(directory, "out")];
    await saveModel(model, TRAINED, initialise(TRAINED, 1));
    const path = join(model, "config.json");
    const config = JSON.parse(await Deno.readTextFile(path));
    await Deno.writeTextFile(path, JSON.stringify({ ...config, bos_token_id: 7, eos_token_id: [8, 9] }));
    assert.deepEqual((await importModel(model, out)).companions, ["generation_config.json"]);
    const generation = JSON.parse(await Deno.readTextFile(join(out, "generation_config.json")));
    assert.deepEqual(generation, { bos_token_id: 7, eos_token_id: [8, 9] });
    await Deno.writeTextFile(path, JSON.stringify({ ...config, eos_token_id: "end" }));
    await assert.rejects(
      importModel(model, join(directory, "other")),
      /config\.json: eos_token_id is no token id/,
    );
  }));

Deno.test("exportModel() refuses, in one sentence, what cannot be meant, and leaves nothing", () =>
  inDirectory(async (directory) => {
    const model = join(directory, "model");
    await saveModel(model, TRAINED, initialise(TRAINED, 1).fill(1e5, 0, 1));
    const withOwn = join(directory, "own");
    await exportModel(model, withOwn, { ...PLAIN, tokenizer: "llama3-512" });
    const out = join(directory, "out");
    const cases: [string, string, Partial<ExportOptions>, RegExp][] = [
      [model, model, {}, /model exists already, expected a directory to be made\.$/],
      [model, out, { tokenizer: "llama3-4096" }, /"llama3-4096" has 4096 tokens, the model 512/],
      [model, out, { tokenizer: "gpt2" }, /Tokenizer "gpt2" is unknown/],
      [withOwn, out, { tokenizer: "llama3-512" }, /has the files of its own/],
      [model, out, { elements: "float16" }, /embed_tokens.*: 100000 exceeds the range of float16.*bfloat16/],
      [join(directory, "nowhere"), out, {}, /config\.json does not exist\.$/],
    ];
    for (const [from, to, change, message] of cases) {
      await assert.rejects(
        exportModel(from, to, { ...PLAIN, ...change }),
        (error) => error instanceof UsageError && message.test(error.message),
        String(message),
      );
    }
    const { tokenizer: _, ...unnamed } = PLAIN;
    await assert.rejects(exportModel(model, out, unnamed), /model has no tokenizer; name the one/);
    assert.deepEqual(await names(directory), ["model", "own"]);
    // A file stands where a directory would have to be.
    const beneath = join(directory, "own", "config.json", "out");
    await assert.rejects(
      exportModel(model, beneath, PLAIN),
      (error) =>
        error instanceof RunError &&
        /could not be written: .*; nothing of it was left\.$/.test(error.message),
    );
  }));
