/** Fine-tuning of imported models, each with its own tokenizer and chat template: the paper's Table 9, small. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { exists, writeJson } from "../../lib/core/artefacts.ts";
import { loadModel, saveModel } from "../../lib/model/checkpoint.ts";
import { MODEL_SIZES, type ModelConfig } from "../../lib/model/config.ts";
import { initialise } from "../../lib/model/initialise.ts";
import type { TrainingSummary } from "../../lib/pipeline/training_summary.ts";
import { sourceSpec } from "../../lib/sources/spec.ts";
import { inDirectory, names } from "../core/temporary.ts";
import { writeLlamaTokenizer, writeQwenTokenizer } from "../tokenizer/imported_models.ts";
import { runTaskFile } from "./task_file.ts";

const SMALL: ModelConfig = {
  ...MODEL_SIZES["140m"],
  ...{ width: 32, layers: 1, heads: 2, keyValueHeads: 1, headSize: 16, feedForwardWidth: 64 },
  ...{ vocabularySize: 1024, maxPositions: 512, initializerRange: 0.05 },
};
const LLAMA: ModelConfig = { ...SMALL, type: "llama", queryKeyNorm: "none" };
const QWEN: ModelConfig = {
  ...SMALL,
  ...{ type: "qwen3", queryKeyNorm: "before rope, weighted", tiedEmbeddings: false, vocabularySize: 1100 },
};

const FLAGS = ["--json", "--recipe", "./recipe.json", "--run", "table9"];

/** A folder with both models and a recipe of two stages over a few conversations. */
async function inWorkspace(test: (folder: string) => Promise<void>) {
  await inDirectory(async (folder) => {
    await saveModel(join(folder, "tiny-llama"), LLAMA, initialise(LLAMA, 1));
    await writeLlamaTokenizer(join(folder, "tiny-llama"), 1024);
    await saveModel(join(folder, "tiny-qwen"), QWEN, initialise(QWEN, 1));
    await writeQwenTokenizer(join(folder, "tiny-qwen"), 1024);
    const source = {
      ...await sourceSpec("freecodecamp-solutions"),
      name: "few",
      limits: { share: 1, documents: 120 },
    };
    await writeJson(join(folder, "few.json"), source);
    const sft = { sources: ["./few.json"], length: 512, epochs: 1, probeEvery: 100 };
    await writeJson(join(folder, "recipe.json"), {
      extends: "demo",
      heldOutShare: 0.1,
      probeTokens: 2000,
      sft,
    });
    await test(folder);
  });
}

Deno.test("sft --model tunes imported models alike, each with its tokenizer and template, and passes these on", () =>
  inWorkspace(async (folder) => {
    const tune = async () => {
      const ended = await runTaskFile("sft", folder, ...FLAGS, "--model", "tiny-llama", "tiny-qwen");
      assert.equal(ended.code, 0, ended.stderr);
      return JSON.parse(ended.stdout) as { models: string[]; stages: TrainingSummary[] };
    };
    const { models, stages } = await tune();
    assert.deepEqual(stages.map(({ name }) => name), ["sft-tiny-llama", "sft-tiny-qwen"]);
    for (const { probes } of stages) {
      assert.deepEqual(probes.map(({ probe }) => probe), ["answers", "prompts"]);
      assert.ok(probes[0] !== undefined && probes[0].after < probes[0].before - 0.1, JSON.stringify(probes));
    }
    // Nothing else of the run is needed, and nothing of the conversations stays.
    assert.deepEqual(await names(join(folder, "runs/table9")), ["sft-tiny-llama", "sft-tiny-qwen"]);
    assert.deepEqual(await names(join(folder, models[0] ?? "")), ["manifest.json", "metrics.jsonl", "model"]);
    for (const [i, config] of [LLAMA, QWEN].entries()) {
      const model = join(folder, models[i] ?? "", "model");
      const tuned = (await loadModel(model)).config;
      assert.deepEqual([tuned.type, tuned.vocabularySize], [config.type, config.vocabularySize]);
      assert.ok(await exists(join(model, "tokenizer.json")));
    }
    assert.ok((await tune()).stages.every(({ skipped }) => skipped));
  }));

Deno.test("sft --model refuses what is no model, or has no template, in one sentence and leaves nothing", () =>
  inWorkspace(async (folder) => {
    await Deno.remove(join(folder, "tiny-llama", "chat_template.jinja"));
    await writeJson(join(folder, "tiny-qwen", "config.json"), { model_type: "mamba" });
    for (
      const [model, message] of [
        ["nowhere", /^nowhere\/config\.json does not exist\.\n$/],
        ["tiny-llama", /^tiny-llama has no chat template, neither chat_template\.jinja nor one in .*\.\n$/],
        ["tiny-qwen", /^tiny-qwen\/config\.json: .*mamba.*\n$/],
      ] as const
    ) {
      const { code, stderr } = await runTaskFile("sft", folder, ...FLAGS, "--model", model);
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
    }
    assert.equal(await exists(join(folder, "runs")), false);
  }));
