/**
 * The demo end to end on real text, small: run, run again, killed, damaged, changed.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { exists, hashFile } from "../../lib/core/artefacts.ts";
import type { DemoResult } from "../../lib/pipeline/demo.ts";
import { loadRecipe } from "../../lib/pipeline/recipe.ts";
import { readMetrics } from "../../lib/train/metrics_log.ts";

const TASK = fileURLToPath(new URL("../../tasks/demo.ts", import.meta.url));
const SOURCES = ["stdlib-code", "freecodecamp-problems", "moby-dick"];

/** A folder with a recipe for a model that trains in seconds. */
async function workspace(): Promise<string> {
  const folder = await Deno.makeTempDir();
  const mixture = {
    name: "test",
    method: "uniform",
    sources: SOURCES.map((name) => ({ name, weight: 1 / SOURCES.length })),
    tokenizer: null,
    proxy: null,
    tokenBudget: null,
    caps: { maxEpochs: null },
    createdFrom: "a test",
  };
  const demo = await loadRecipe("demo", []);
  const small = { sequences: 4, length: 64, probeEvery: 10, checkpointEvery: 5 };
  const recipe = {
    ...demo,
    sources: SOURCES,
    tokenizer: "llama3-512",
    probeTokens: 1024,
    model: {
      ...demo.model,
      width: 32,
      layers: 1,
      heads: 2,
      keyValueHeads: 1,
      headSize: 16,
      feedForwardWidth: 64,
    },
    pretrain1: { ...demo.pretrain1, ...small, steps: 30, warmupSteps: 5, mixture: "./mixture.json" },
    pretrain2: { ...demo.pretrain2, ...small, steps: 20, warmupSteps: 5, mixture: "./mixture.json" },
    sft: { ...demo.sft, ...small, length: 512, epochs: 1 },
    samples: { ...demo.samples, tokens: 8 },
  };
  await Deno.writeTextFile(join(folder, "mixture.json"), JSON.stringify(mixture));
  await Deno.writeTextFile(join(folder, "recipe.json"), JSON.stringify(recipe));
  return folder;
}

function start(folder: string, ...flags: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", "--no-check", TASK, "--json", "--recipe", "./recipe.json", ...flags],
    cwd: folder,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function demo(
  folder: string,
  ...flags: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await start(folder, ...flags).output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

async function succeed(folder: string, ...flags: string[]): Promise<DemoResult> {
  const { code, stdout, stderr } = await demo(folder, ...flags);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

/** Starts the demo and kills it as soon as a file is there. */
async function killAt(folder: string, file: string, signal: Deno.Signal): Promise<number> {
  const process = start(folder);
  const output = process.output();
  while (!await exists(join(folder, "runs/demo", file))) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  process.kill(signal);
  return (await output).code;
}

/** Everything that a run must repeat: weights, shards, mixtures, metric values. */
async function essence(folder: string) {
  const run = join(folder, "runs/demo");
  const stages = ["pretrain-1", "pretrain-2", "sft"];
  return {
    weights: await Promise.all(stages.map((stage) => hashFile(join(run, stage, "model/model.safetensors")))),
    metrics: await Promise.all(
      stages.map(async (stage) =>
        (await readMetrics(join(run, stage, "metrics.jsonl"))).map((entry) => ({
          ...entry,
          tokensPerSecond: 0,
        }))
      ),
    ),
    shards: await Promise.all(
      SOURCES.map((source) => hashFile(join(run, "shards/train", source, "00000.safetensors"))),
    ),
    evaluation: JSON.parse(await Deno.readTextFile(join(run, "evaluation/manifest.json"))).result,
  };
}

const skipped = (result: DemoResult) => result.stages.map((stage) => stage.skipped);

Deno.test("demo ends with a report, skips what is done, and survives kills, damage and changes", async (t) => {
  const whole = await workspace();
  const first = await succeed(whole);
  const expected = await essence(whole);

  await t.step("demo --json tells sources, stages, probes and where the report is", async () => {
    assert.deepEqual(first.sources.map(({ name }) => name), SOURCES);
    assert.ok(first.sources.every(({ documents, tokens }) => documents > 0 && tokens > documents));
    assert.deepEqual(first.stages.map(({ name }) => name), ["pretrain-1", "pretrain-2", "sft"]);
    assert.ok(
      first.stages.every(({ lossFirst, lossLast }) => lossLast < lossFirst),
      JSON.stringify(first.stages),
    );
    assert.deepEqual(Object.keys(first.probes), ["code", "math", "knowledge"]);
    assert.match(await Deno.readTextFile(join(whole, first.report)), /<!doctype html>/i);
    assert.deepEqual(skipped(first), [false, false, false]);
  });

  await t.step("a second demo skips everything", async () => {
    assert.deepEqual(skipped(await succeed(whole)), [true, true, true]);
  });

  await t.step("killed and interrupted at four places, it ends with the same bits", async () => {
    const broken = await workspace();
    await killAt(broken, "corpus.partial/sitting.json", "SIGKILL");
    await killAt(broken, "pretrain-1.partial/checkpoints/step-00000005.safetensors", "SIGKILL");
    assert.equal(
      await killAt(broken, "pretrain-2.partial/checkpoints/step-00000010.safetensors", "SIGINT"),
      130,
    );
    await killAt(broken, "sft.partial/checkpoints/step-00000005.safetensors", "SIGKILL");
    await succeed(broken);
    assert.deepEqual(await essence(broken), expected);
  });

  await t.step("outputs deleted or altered are rebuilt, to the same bits", async () => {
    const run = join(whole, "runs/demo");
    await Deno.remove(join(run, "pretrain-2/model/model.safetensors"));
    await Deno.writeTextFile(join(run, "shards/train/moby-dick/index.json"), "{}");
    assert.deepEqual(skipped(await succeed(whole)), [true, false, true]);
    assert.deepEqual(await essence(whole), expected);
  });

  await t.step("after a change only what depends on it runs", async () => {
    assert.deepEqual(skipped(await succeed(whole, "--set", "sft.learningRate=0.001")), [true, true, false]);
  });

  await t.step("the same bits on one worker", async () => {
    await Deno.remove(join(whole, "runs/demo/pretrain-1"), { recursive: true });
    await succeed(whole, "--set", "cpu.workers=1");
    assert.deepEqual((await essence(whole)).weights, expected.weights);
  });
});

for (
  const [flags, message] of [
    [["--set", "pretrain1.stepz=3"], /pretrain1\.stepz.*expected one of/],
    [["--nonsense"], /unknown option '--nonsense'/],
    [["--run", "../x"], /--run is "\.\.\/x"/],
    [["--launch", "moon"], /--launch is "moon", expected local/],
    [["--set", 'sources=["nonesuch"]'], /nonesuch/],
    [["--set", "pretrain1.mixture=nonesuch"], /mixture "nonesuch" does not exist/],
  ] as const
) {
  Deno.test(`demo ${flags.join(" ")} ends with one sentence, exit code 2 and no run`, async () => {
    const folder = await workspace();
    const { code, stderr, stdout } = await demo(folder, ...flags);
    assert.equal(code, 2, stderr);
    assert.match(stderr, message);
    assert.equal(stderr.trim().split("\n").length, 1, stderr);
    assert.equal(stdout, "");
    assert.equal(await exists(join(folder, "runs")), false);
  });
}
