/**
 * Mid-training on real text, small: two rounds of compression, killed, resumed, taught.
 */
import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { exists, hashFile } from "../../lib/core/artefacts.ts";
import { loadModel, saveModel } from "../../lib/model/checkpoint.ts";
import { initialise } from "../../lib/model/initialise.ts";
import type { DistillationResult } from "../../lib/pipeline/stages/distillation.ts";
import type { MidtrainingSummary } from "../../lib/pipeline/stages/midtraining_summary.ts";
import type { TrainingResult } from "../../lib/pipeline/stages/training.ts";
import { answerOf, startServer } from "../curation/stub_server.ts";
import { names } from "../core/temporary.ts";
import { SOURCES, workspace } from "./small_recipe.ts";

function startTask(task: string, folder: string, ...flags: string[]): Deno.ChildProcess {
  const path = fileURLToPath(new URL(`../../tasks/${task}.ts`, import.meta.url));
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", "--no-check", path, "--json", "--recipe", "./recipe.json", ...flags],
    cwd: folder,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

const start = (folder: string, ...flags: string[]) => startTask("midtrain", folder, ...flags);

/** What another task of the same run prints. */
async function resultOfTask(task: string, folder: string, ...flags: string[]) {
  const { code, stdout, stderr } = await startTask(task, folder, ...flags).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

async function midtrain(folder: string, ...flags: string[]) {
  const { code, stdout, stderr } = await start(folder, ...flags).output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

async function succeed<T = MidtrainingSummary>(folder: string, ...flags: string[]): Promise<T> {
  const { code, stdout, stderr } = await midtrain(folder, ...flags);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

const inRun = (folder: string, ...path: string[]) => join(folder, "runs/demo", ...path);

/** Hashes of the models of both rounds. */
function models(folder: string) {
  return Promise.all(
    ["midtrain-1", "midtrain-2", "midtrain-2-original"].map(async (stage) =>
      (await hashFile(inRun(folder, stage, "model/model.safetensors"))).sha256
    ),
  );
}

async function resultOf<T>(folder: string, stage: string): Promise<T> {
  return JSON.parse(await Deno.readTextFile(inRun(folder, stage, "manifest.json"))).result;
}

/** What comes before mid-training. */
async function copyUpstream(from: string, to: string): Promise<void> {
  for (const stage of await names(inRun(from))) {
    if (/^(pool|compression|midtrain)/.test(stage)) continue;
    await cp(inRun(from, stage), inRun(to, stage), { recursive: true });
  }
}

/** Starts the task and kills it as soon as a file is there. */
async function killAt(folder: string, file: string): Promise<void> {
  const process = start(folder);
  const output = process.output();
  while (!await exists(inRun(folder, file))) await new Promise((resolve) => setTimeout(resolve, 5));
  process.kill("SIGKILL");
  await output;
}

Deno.test("midtrain compresses, trains, and ends with the same bits however often it is killed", async (t) => {
  await using judge = startServer(() => answerOf({ "1": 0.6, "0": 0.4 }));
  const folder = await workspace(judge.baseUrl);

  await t.step("two rounds, their scores, curves, charts and RankMe; no benchmark's train set", async () => {
    const { rounds, stopped, rankMe, teacher, benchmarkTrainSets } = await succeed(folder);
    assert.equal(rounds.length, 2);
    for (const { documents, kept, positiveShare, trained, sources } of rounds) {
      assert.equal(documents, 6 * SOURCES.length);
      assert.ok(kept > 0 && kept <= documents && positiveShare === kept / documents && trained);
      assert.ok(Math.abs(sources.reduce((sum, { weight }) => sum + weight, 0) - 1) < 1e-9);
    }
    assert.match(stopped, /all 2 stages are trained/);
    assert.deepEqual([...new Set(rankMe.map(({ stage }) => stage))], [
      "pretrain-2",
      "midtrain-1",
      "midtrain-2",
    ]);
    assert.ok(rankMe.every(({ rankMe, rows }) => rankMe > 1 && rankMe < 32.1 && rows === 64));
    assert.equal(teacher, null);
    assert.deepEqual(benchmarkTrainSets, { included: false, share: 0, names: [] });
    assert.deepEqual(await names(inRun(folder, "midtrain/charts")), [
      ...["curves.json", "curves.svg", "influence.json", "influence.svg"],
    ]);
    const curves: { data: string; step: number }[] = JSON.parse(
      await Deno.readTextFile(inRun(folder, "midtrain/curves.json")),
    );
    for (const data of ["original", "sub-sampled"]) {
      const steps = new Set(curves.filter((point) => point.data === data).map(({ step }) => step));
      assert.deepEqual([...steps], [0, 10, 20, 30, 40]);
    }
  });

  await t.step("pretrain and sft are stages of the same run, before it and after it", async () => {
    const pretraining = await resultOfTask("pretrain", folder);
    assert.deepEqual(
      pretraining.stages.map(({ name, skipped }: { name: string; skipped: boolean }) => [name, skipped]),
      [["pretrain-1", true], ["pretrain-2", true]],
    );
    const tuning = await resultOfTask("sft", folder);
    assert.deepEqual(tuning.stages.map(({ name }: { name: string }) => name), ["sft"]);
    assert.ok(await exists(join(folder, tuning.model, "model/model.safetensors")));
    for (const task of ["pretrain", "sft"]) {
      const { parameters, tokens, flops, seconds, stateBytes } = await resultOfTask(
        task,
        folder,
        "--estimate",
      );
      assert.ok(tokens > 0 && seconds > 0);
      // 6 for each parameter and token, a little more for attention, less for a table that is looked up.
      assert.ok(flops > 3 * parameters * tokens && flops < 12 * parameters * tokens, `${flops}`);
      assert.equal(stateBytes, 16 * parameters);
    }
  });

  await t.step("only documents with positive influence are trained on", async () => {
    const lines = (await Deno.readTextFile(inRun(folder, "compression-1/scores.jsonl"))).trim().split("\n");
    const scores: { source: string; joint: number }[] = lines.map((line) => JSON.parse(line));
    for (const source of SOURCES) {
      const kept = scores.filter((score) => score.source === source && score.joint > 0).length;
      const index = inRun(folder, "compression-1/train", source, "index.json");
      if (await exists(index)) assert.equal(JSON.parse(await Deno.readTextFile(index)).documents, kept);
    }
  });

  await t.step("killed in scoring and in training, it ends with the same bits", async () => {
    const broken = await workspace(judge.baseUrl);
    await copyUpstream(folder, broken);
    await killAt(broken, "compression-1.partial/sitting.json");
    await killAt(broken, "midtrain-1.partial/checkpoints/step-00000005.safetensors");
    await killAt(broken, "compression-2.partial/scoring/vectors.safetensors");
    await killAt(broken, "compression-2.partial/scores.jsonl");
    await killAt(broken, "midtrain-2.partial/checkpoints/step-00000010.safetensors");
    await succeed(broken);
    assert.deepEqual(await models(broken), await models(folder));
  });

  await t.step("it stops where too little of the pool helps", async () => {
    const { rounds, stopped } = await succeed(folder, "--set", "midtrain.compression.stopShare=1");
    assert.equal(rounds.length, 1);
    assert.equal(rounds[0]?.trained, false);
    assert.match(stopped, /of the pool help, no more than 100%/);
  });

  await t.step("a teacher changes what is learnt; its logits are kept and asked for once", async () => {
    const taught = [
      ...["--set", "midtrain.teacher.address=runs/demo/pretrain-1/model"],
      ...["--set", "midtrain.teacher.topK=8", "--set", "midtrain.teacher.cache=./logits"],
      ...["--set", "midtrain.compression.original=false"],
    ];
    const before = await hashFile(inRun(folder, "midtrain-1/model/model.safetensors"));
    const { teacher } = await succeed(folder, ...taught);
    assert.equal(teacher?.topK, 8);
    const after = await hashFile(inRun(folder, "midtrain-1/model/model.safetensors"));
    assert.notEqual(after.sha256, before.sha256);
    assert.equal((await names(join(folder, "logits/midtrain-1"))).length, 20 + 1);
    await Deno.remove(inRun(folder, "midtrain-1"), { recursive: true });
    await succeed(folder, ...taught);
    assert.equal((await hashFile(inRun(folder, "midtrain-1/model/model.safetensors"))).sha256, after.sha256);
    await succeed(
      folder,
      ...["--set", "midtrain.teacher.address=./logits", "--set", "midtrain.compression.original=false"],
    );
    assert.equal((await hashFile(inRun(folder, "midtrain-1/model/model.safetensors"))).sha256, after.sha256);
    const other = await midtrain(folder, ...taught, "--set", "midtrain.teacher.topK=4");
    assert.equal(other.code, 2);
    assert.match(other.stderr.trim().split("\n").at(-1) ?? "", /another topK: 8, expected 4/);
  });

  await t.step("a teacher that is none, or of another vocabulary, is refused in one sentence", async () => {
    const refused = await midtrain(folder, "--set", "midtrain.teacher.address=./nowhere");
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /Teacher \.\/nowhere is no directory with a config\.json/);
    const { config } = await loadModel(inRun(folder, "pretrain-1/model"));
    const foreign = { ...config, vocabularySize: 640 };
    await saveModel(join(folder, "foreign"), foreign, initialise(foreign, 1));
    const other = await midtrain(folder, "--restart", "--set", "midtrain.teacher.address=./foreign");
    assert.equal(other.code, 2);
    assert.match(
      other.stderr.trim().split("\n").at(-1) ?? "",
      /^Teacher \.\/foreign has a vocabulary of 640 tokens, the student one of 512/,
    );
    assert.deepEqual((await names(inRun(folder))).filter((name) => name.endsWith(".partial")), []);
  });

  await t.step("benchmarks' train sets, switched on, are a share of the last stage and said so", async () => {
    const item = { question: "A farmer has three fields with four cows each. How many cows?", answer: "12" };
    await Deno.writeTextFile(join(folder, "train.jsonl"), `${JSON.stringify(item)}\n`.repeat(20));
    const { benchmarkTrainSets } = await succeed(
      folder,
      "--restart",
      ...[
        "--set",
        "midtrain.benchmarkTrainSets.include=true",
        "--set",
        "midtrain.benchmarkTrainSets.share=0.1",
      ],
      ...["--set", 'midtrain.benchmarkTrainSets.files={"farm":"./train.jsonl"}'],
      ...["--set", "midtrain.compression.original=false"],
    );
    assert.deepEqual(benchmarkTrainSets, { included: true, share: 0.1, names: ["farm"] });
    const sampled = async (stage: string) =>
      (await resultOf<TrainingResult>(folder, stage)).sampling.find(({ source }) =>
        source === "benchmark-train"
      );
    assert.equal(await sampled("midtrain-1"), undefined);
    assert.equal((await sampled("midtrain-2"))?.sequences, 8);
  });

  await t.step("--distillation compares pairs of equal seed, with intervals over three of them", async () => {
    const { effects, seeds } = await succeed<DistillationResult>(folder, "--distillation");
    assert.equal(seeds, 3);
    assert.deepEqual(effects.map(({ probe }) => probe), ["code", "math", "knowledge"]);
    for (const { crossEntropy, distilled, difference: { mean, low, high } } of effects) {
      assert.ok(Math.abs(distilled - crossEntropy - mean) < 1e-9);
      assert.ok(low !== null && high !== null && low < mean && mean < high);
    }
    assert.match(
      (await midtrain(folder, "--distillation", "--set", "midtrain.distillation.seeds=2")).stderr,
      /^midtrain\.distillation\.seeds is 2, expected at least 3/,
    );
  });

  await t.step("--estimate says what it takes, and runs nothing", async () => {
    const fresh = await workspace(judge.baseUrl);
    type Estimate = Record<"proxies" | "tokens" | "stateBytes" | "teacherBytes", number>;
    const { proxies, tokens, stateBytes, teacherBytes } = await succeed<Estimate>(fresh, "--estimate");
    assert.deepEqual([proxies, tokens, teacherBytes], [4, 4 * 20 * 4 * 64, 0]);
    const teacher = inRun(folder, "pretrain-1/model");
    const taught = await succeed<Estimate>(
      fresh,
      "--estimate",
      "--set",
      `midtrain.teacher.address=${teacher}`,
    );
    // A teacher like the student: no gradient, no moments.
    assert.deepEqual([taught.stateBytes, 2 * taught.teacherBytes], [stateBytes, stateBytes]);
    assert.equal(await exists(join(fresh, "runs")), false);
  });
});
