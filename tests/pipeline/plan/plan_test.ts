import assert from "node:assert/strict";
import { loadPaperTables, paperRecords } from "../../../lib/catalog/published.ts";
import { UsageError } from "../../../lib/core/errors.ts";
import { MODEL_SIZES, parameterCount } from "../../../lib/model/config.ts";
import { trainingFlopsPerToken } from "../../../lib/model/flops.ts";
import { estimateTraining } from "../../../lib/pipeline/estimate.ts";
import { describePlan } from "../../../lib/pipeline/plan/description.ts";
import { type Plan, planRecipe } from "../../../lib/pipeline/plan/plan.ts";
import { loadRecipe } from "../../../lib/pipeline/recipe.ts";
import { modelConfig } from "../../../lib/pipeline/stages/training.ts";

/** The stage of a name. */
function stage({ stages }: Plan, name: string) {
  const found = stages.find(({ stage }) => stage === name);
  assert.ok(found, name);
  return found;
}

const plan = await planRecipe(await loadRecipe("950m", []));

Deno.test("planRecipe() gives pretraining the paper's tokens, and days that lie in its 4 to 5", () => {
  for (const phase of ["pretrain-1", "pretrain-2"]) {
    const { tokens, days, gpusPerJob, jobs } = stage(plan, phase);
    assert.equal(tokens, 500_000 * 2048 * 2048);
    assert.deepEqual([jobs, gpusPerJob], [1, 16 * 8]);
    assert.ok(days > 4 && days < 5, `${days} days`);
  }
});

Deno.test("the recipe's rate is what the paper's 4.5 days make at 6 FLOP a parameter and token", () => {
  const flops = 6 * parameterCount(MODEL_SIZES["950m"]) * 500_000 * 2048 * 2048;
  const rate = flops / (128 * 4.5 * 86400) / 1e12;
  assert.equal(Math.round(rate), plan.cluster.teraflopsPerGpu);
});

Deno.test("planRecipe() counts updates of fine-tuning from the published conversations", () => {
  // 866K × 2 / 512, and (3.2M + 802K + 2.2M) × 4 / 1024.
  assert.equal(stage(plan, "sft").tokens, 3383 * 512 * 4096);
  assert.equal(stage(plan, "reasoning").tokens, Math.ceil(6_202_000 * 4 / 1024) * 1024 * 32768);
});

Deno.test("planRecipe() has every domain's proxy asked at every checkpoint, and every source left out once a seed", () => {
  assert.equal(stage(plan, "influence").jobs, 3 * 10);
  assert.equal(stage(plan, "leave-one-out").jobs, 3 * (1 + 22));
  assert.equal(stage(plan, "domain-proxies").storageBytes, 30 * 4 * parameterCount(MODEL_SIZES["360m"]));
});

Deno.test("planRecipe() adds the teacher's forward passes, and the disk for its logits where they are kept", async () => {
  const without = await planRecipe(await loadRecipe("950m", ["midtrain.teacher.address=null"]));
  const cached = await planRecipe(
    await loadRecipe("950m", ["midtrain.teacher.cache=./logits", "midtrain.teacher.topK=64"]),
  );
  const [own, alone, kept] = [plan, without, cached].map((each) => stage(each, "midtrain-1"));
  assert.ok(own && alone && kept);
  assert.equal(own.flops - alone.flops, 2 * 8.03e9 * own.tokens);
  assert.equal(kept.storageBytes - own.storageBytes, own.tokens * 64 * 6);
});

Deno.test("planRecipe() says what the judge would cost on the whole corpus, and plans it where the recipe asks for that", async () => {
  const whole = await planRecipe(await loadRecipe("950m", ["curation.judgedPerSource=null"]));
  const [some, all] = [stage(plan, "curation: judge"), stage(whole, "curation: judge")];
  assert.ok(all.gpuHours > 100 * some.gpuHours);
  const hours = /([\d.]+)k GPU hours/.exec(
    some.arithmetic.find((line) => line.includes("whole corpus")) ?? "",
  );
  assert.ok(Math.abs(Number(hours?.[1]) * 1000 / all.gpuHours - 1) < 0.01);
});

Deno.test("planRecipe() keeps the newest checkpoints, every n-th and the model", () => {
  // Checkpoints every 1000 of 500,000 updates, every 50th for good.
  assert.equal(
    stage(plan, "pretrain-1").storageBytes,
    (4 + 12 * (2 + 10)) * parameterCount(MODEL_SIZES["950m"]),
  );
});

Deno.test("planRecipe() sums up its stages", () => {
  const sum = plan.stages.reduce((total, { gpuHours }) => total + gpuHours, 0);
  assert.ok(Math.abs(plan.totals.gpuHours - sum) < 1e-6 * sum);
});

Deno.test("planRecipe() names sources of unknown size, and refuses a recipe without a cluster", async () => {
  const { unknownSources } = await planRecipe(
    await loadRecipe("950m", ['sources=["three","mobilellm-r1/wiki"]']),
  );
  assert.deepEqual(unknownSources, ["three"]);
  await assert.rejects(
    planRecipe(await loadRecipe("demo", [])),
    (error) => error instanceof UsageError && /cluster is null/.test(error.message),
  );
});

const RECIPES = [...Deno.readDirSync(new URL("../../../data/recipes/", import.meta.url))]
  .filter(({ name }) => name.endsWith(".json"))
  .map(({ name }) => name.replace(/\.json$/, "")).sort();
for (const name of RECIPES) {
  Deno.test(`recipe ${name} estimates: measured here, or as a plan with a row and the arithmetic of every stage`, async () => {
    const recipe = await loadRecipe(name, []);
    if (recipe.cluster === null) {
      const { tokens, flops, seconds } = await estimateTraining(recipe, [recipe.pretrain1]);
      const { steps, sequences, length } = recipe.pretrain1;
      assert.equal(tokens, steps * sequences * length);
      assert.equal(flops, tokens * trainingFlopsPerToken(await modelConfig(recipe), length));
      assert.ok(seconds > 0);
      return;
    }
    const own = await planRecipe(recipe);
    assert.deepEqual(own.unknownSources, []);
    const text = describePlan(own);
    for (const { stage, arithmetic, days, gpuHours, storageBytes } of own.stages) {
      assert.ok(text.includes(`\n${stage} `) && text.includes(`\n${stage}:\n  ${arithmetic[0]}`), stage);
      assert.ok([days, gpuHours, storageBytes].every((value) => Number.isFinite(value) && value >= 0), stage);
    }
    assert.equal(text.includes("takes its mixtures from files"), name !== "proxies");
  });
}

Deno.test("the plan's days of each stage stand beside the paper's", async () => {
  const rows = (await loadPaperTables()).filter(({ name }) => name === "training_hparams").flatMap(
    paperRecords,
  );
  const time = new Map(rows.map(({ phase, stage, time }) => [`${stage} ${phase}`, time]));
  assert.equal(time.get("midtrain phase1"), "1-2 days");
  assert.ok(stage(plan, "midtrain-1").days < 2);
  // Every sequence as if it were full: above the paper's two and a half days.
  assert.equal(time.get("post reasoning_sft"), "~2.5 days");
  assert.ok(stage(plan, "reasoning").days > 2.5 && stage(plan, "reasoning").days < 5);
});
