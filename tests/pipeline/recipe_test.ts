import assert from "node:assert/strict";
import { join } from "node:path";
import { UsageError } from "../../lib/core/errors.ts";
import { loadPaperTables, paperRecords } from "../../lib/catalog/published.ts";
import { loadProbingLists } from "../../lib/curation/probing.ts";
import { loadMixture } from "../../lib/mixture/load.ts";
import { MODEL_SIZES } from "../../lib/model/config.ts";
import { ablationSettings } from "../../lib/pipeline/ablations.ts";
import { loadRecipe } from "../../lib/pipeline/recipe.ts";
import { Run } from "../../lib/pipeline/run.ts";

function fails(promise: Promise<unknown>, message: RegExp): Promise<void> {
  return assert.rejects(promise, (error) => error instanceof UsageError && message.test(error.message));
}

Deno.test("loadRecipe() applies --set to nested keys, as JSON or as plain text", async () => {
  const recipe = await loadRecipe("demo", ["seed=7", "pretrain1.steps=3", "cpu.blas=auto", "cpu.workers=1"]);
  assert.equal(recipe.seed, 7);
  assert.equal(recipe.pretrain1.steps, 3);
  assert.deepEqual(recipe.cpu, { blas: "auto", workers: 1 });
});

Deno.test("loadRecipe() names an unknown recipe and the known ones", async () => {
  await fails(loadRecipe("nonesuch", []), /"nonesuch".*one of .*demo/);
});

Deno.test("loadRecipe() names an unknown key of --set and the known ones", async () => {
  await fails(loadRecipe("demo", ["pretrain1.stepz=3"]), /pretrain1\.stepz.*expected one of .*steps/);
  await fails(loadRecipe("demo", ["seed"]), /--set seed: expected key=value/);
  await fails(loadRecipe("demo", ["seed.more=1"]), /"seed" has no keys/);
});

Deno.test("loadRecipe() names a wrong value, its key and what was expected", async () => {
  await fails(loadRecipe("demo", ["pretrain1.steps=-1"]), /pretrain1\.steps is -1/);
  await fails(loadRecipe("demo", ["backend=cuda"]), /backend is "cuda".*wasm/);
});

Deno.test("loadRecipe() says which file is no JSON", async () => {
  const path = join(await Deno.makeTempDir(), "mine.json");
  await Deno.writeTextFile(path, "{");
  await fails(loadRecipe(path, []), /mine\.json is no valid JSON/);
});

Deno.test("the demo's budget fits into five minutes", async () => {
  const { budget } = await loadRecipe("demo", []);
  assert.ok(budget.reduce((sum, { seconds }) => sum + seconds, 0) <= 300);
});

const PAPER_SIZES = ["140m", "360m", "950m"] as const;

/** All recipes that come with the project. */
const RECIPES = [...Deno.readDirSync(new URL("../../data/recipes/", import.meta.url))]
  .filter(({ name }) => name.endsWith(".json"))
  .map(({ name }) => name.replace(/\.json$/, "")).sort();

/** A row of the paper's Table 2. */
async function published(phase: string): Promise<Record<string, unknown>> {
  const tables = await loadPaperTables();
  const rows = tables.filter(({ name }) => name === "training_hparams").flatMap(paperRecords);
  const row = rows.find((row) => row["phase"] === phase || `${row["stage"]}-${row["phase"]}` === phase);
  assert.ok(row, phase);
  return row;
}

for (const name of RECIPES) {
  Deno.test(`recipe ${name} loads, with sources, mixtures and conversations that are specified`, async () => {
    const recipe = await loadRecipe(name, []);
    const run = await Run.open("test", recipe, {
      root: "none",
      restart: false,
      signal: new AbortController().signal,
    });
    assert.equal(run.specs.length, recipe.sources.length);
    const names = new Set(run.specs.map(({ name }) => name));
    for (const { mixture } of [recipe.pretrain1, recipe.pretrain2]) {
      if (mixture === "influence") continue;
      for (const source of (await loadMixture(mixture)).sources) {
        assert.ok(names.has(source.name), source.name);
      }
    }
    for (const source of recipe.midtrain.compression.sources ?? []) assert.ok(names.has(source), source);
    if (recipe.curation.lists === null) return;
    for (const source of Object.values(await loadProbingLists(recipe.curation.lists)).flat()) {
      assert.ok(names.has(source), source);
    }
  });
}

for (const name of PAPER_SIZES) {
  Deno.test(`recipe ${name} has the family's shape and the paper's Table 2`, async () => {
    const recipe = await loadRecipe(name, []);
    assert.deepEqual({ ...MODEL_SIZES[name], ...recipe.model }, MODEL_SIZES[name]);
    const phases = [
      ["pretrain-phase1", recipe.pretrain1],
      ["pretrain-phase2", recipe.pretrain2],
      ["midtrain-phase1", recipe.midtrain],
      ["midtrain-phase2", recipe.midtrain],
    ] as const;
    for (
      const [phase, { steps, sequences, length, learningRate, warmupSteps, weightDecay, floor, decay }]
        of phases
    ) {
      const row = await published(phase);
      assert.equal(`${steps / 1000}k steps`, row["steps_or_epochs"]);
      assert.equal(length, row["sequence_length"]);
      assert.equal(sequences, Number(row["sequences_per_device"]) * 16 * 8);
      assert.equal(sequences * length, row["tokens_per_step"]);
      // Printed to four digits.
      assert.equal(Number((steps * sequences * length).toPrecision(4)), row["total_tokens"]);
      assert.equal(learningRate, row["peak_learning_rate"]);
      assert.equal(decay, "linear");
      assert.equal(row["schedule"], floor === 0 ? "linear to 0" : `linear to ${100 * floor}% of peak`);
      if (row["warmup"] !== null) assert.equal(`${warmupSteps / 1000}k steps`, row["warmup"]);
      if (row["weight_decay"] !== null) assert.equal(weightDecay, row["weight_decay"]);
    }
    for (
      const [phase, settings] of [["general_sft", recipe.sft], ["reasoning_sft", recipe.reasoning]] as const
    ) {
      assert.ok(settings);
      const row = await published(phase);
      assert.equal(`${settings.epochs} epochs`, row["steps_or_epochs"]);
      assert.equal(settings.length, row["sequence_length"]);
      assert.equal(settings.sequences, Number(row["sequences_per_device"]) * 16 * 8);
      assert.equal(settings.learningRate, row["peak_learning_rate"]);
      assert.equal(`ratio ${settings.warmupRatio}`, row["warmup"]);
      assert.deepEqual([settings.decay, settings.floor, settings.weightDecay], ["linear", 0, 0]);
    }
    assert.equal(recipe.reasoning?.ropeThetaFactor, 8);
  });
}

Deno.test("recipe 950m and the paper's ablations agree on both stages of fine-tuning", async () => {
  const { sft, reasoning } = await loadRecipe("950m", []);
  const ablation = await loadRecipe("950m", await ablationSettings("same-reasoning"));
  assert.deepEqual(ablation.sft, sft);
  // Table 9 has one epoch.
  assert.deepEqual(ablation.reasoning, { ...reasoning, epochs: 1 });
});

Deno.test("recipe 950m-released-script reaches the paper's peak rate at the paper's batch", async () => {
  const [script, paper] = [await loadRecipe("950m-released-script", []), await loadRecipe("950m", [])];
  const { sequences, learningRate, steps, decay } = script.pretrain1;
  assert.equal(learningRate * paper.pretrain1.sequences / sequences, paper.pretrain1.learningRate);
  assert.deepEqual([steps, decay, script.reasoning?.decay], [480_000, "cosine", "cosine"]);
});

Deno.test("loadRecipe() names a setting that there is none of, and where", async () => {
  const path = join(await Deno.makeTempDir(), "mine.json");
  await Deno.writeTextFile(path, JSON.stringify({ extends: "demo", model: { depth: 3 } }));
  await fails(loadRecipe(path, []), /mine\.json: model has a setting "depth" that there is none of/);
});
