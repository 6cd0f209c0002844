/**
 * The demo end to end on real text, small: run, run again, killed, damaged, changed.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { exists, hashFile } from "../../lib/core/artefacts.ts";
import type { DemoResult } from "../../lib/pipeline/demo.ts";
import { answerOf, startServer } from "../curation/stub_server.ts";
import { readMetrics } from "../../lib/train/metrics_log.ts";
import { SOURCES, workspace } from "./small_recipe.ts";

const TASK = fileURLToPath(new URL("../../tasks/demo.ts", import.meta.url));
const STAGES = ["pretrain-1-uniform", "pretrain-1", "pretrain-2", "midtrain-1", "midtrain-2", "sft"];

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
  return {
    weights: await Promise.all(STAGES.map((stage) => hashFile(join(run, stage, "model/model.safetensors")))),
    metrics: await Promise.all(
      STAGES.map(async (stage) =>
        (await readMetrics(join(run, stage, "metrics.jsonl"))).map((entry) => ({
          ...entry,
          tokensPerSecond: 0,
        }))
      ),
    ),
    shards: await Promise.all(
      SOURCES.map((source) => hashFile(join(run, "shards/train", source, "00000.safetensors"))),
    ),
    results: await Promise.all(
      ["leave-one-out-1", "influence", "evaluation"].map(async (stage) =>
        JSON.parse(await Deno.readTextFile(join(run, stage, "manifest.json"))).result
      ),
    ),
  };
}

const skipped = (result: DemoResult) => result.stages.map((stage) => stage.skipped);

Deno.test("demo ends with a report, skips what is done, and survives kills, damage and changes", async (t) => {
  await using judge = startServer(() => answerOf({ "1": 0.6, "0": 0.4 }));
  const whole = await workspace(judge.baseUrl);
  const first = await succeed(whole);
  const expected = await essence(whole);

  await t.step("demo --json tells sources, stages, probes and where the report is", async () => {
    assert.deepEqual(first.sources.map(({ name }) => name), SOURCES);
    assert.ok(first.sources.every(({ documents, tokens }) => documents > 0 && tokens > documents));
    assert.deepEqual(first.stages.map(({ name }) => name), STAGES);
    assert.ok(
      first.stages.every(({ lossFirst, lossLast }) => lossLast < lossFirst),
      JSON.stringify(first.stages),
    );
    assert.deepEqual(Object.keys(first.probes), ["code", "math", "knowledge"]);
    assert.match(await Deno.readTextFile(join(whole, first.report)), /<!doctype html>/i);
    assert.deepEqual(skipped(first), STAGES.map(() => false));
  });

  await t.step("a second demo skips everything", async () => {
    assert.deepEqual(skipped(await succeed(whole)), STAGES.map(() => true));
  });

  await t.step("killed and interrupted at seven places, it ends with the same bits", async () => {
    const broken = await workspace(judge.baseUrl);
    await killAt(broken, "corpus.partial/sitting.json", "SIGKILL");
    await killAt(broken, "curation.partial/scores/education/moby-dick.jsonl", "SIGKILL");
    await killAt(broken, "leave-one-out-1.partial/seed-1-full/proxy.json", "SIGKILL");
    await killAt(broken, "influence.partial/checkpoints/4.json", "SIGKILL");
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
    assert.deepEqual(skipped(await succeed(whole)), [true, true, false, true, true, true]);
    assert.deepEqual(await essence(whole), expected);
  });

  await t.step("after a change only what depends on it runs", async () => {
    assert.deepEqual(skipped(await succeed(whole, "--set", "sft.learningRate=0.001")), [
      true,
      true,
      true,
      true,
      true,
      false,
    ]);
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
    const folder = await workspace("http://127.0.0.1:1/v1");
    const { code, stderr, stdout } = await demo(folder, ...flags);
    assert.equal(code, 2, stderr);
    assert.match(stderr, message);
    assert.equal(stderr.trim().split("\n").length, 1, stderr);
    assert.equal(stdout, "");
    assert.equal(await exists(join(folder, "runs")), false);
  });
}
