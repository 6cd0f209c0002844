/** What `launch`, and `--launch slurm`, say before anything is asked of a cluster. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { writeJson } from "../../lib/core/artefacts.ts";
import { STEPS } from "../../lib/launch/steps.ts";
import { inDirectory } from "../core/temporary.ts";
import { writeSmallData } from "../launch/small_data.ts";
import { runTaskFile } from "./task_file.ts";

const LAUNCH = {
  endpoint: "unix:/nowhere",
  partition: "main",
  ranks: 12,
  data: { processors: 2, minutes: 30 },
  task: { nodes: 3, processors: 16, gpus: 8, minutes: 600 },
  prices: { processorHour: 0.05, gpuHour: 2 },
};

Deno.test("launch pretrain --estimate shows every job, its hours and its price, and asks nobody", () =>
  inDirectory(async (folder) => {
    const file = join(folder, "launch.json");
    await writeJson(file, LAUNCH);
    const recipe = await writeSmallData(folder);
    const flags = ["pretrain", "--estimate", "--json", "--launch-file", file, "--recipe", recipe];
    const { code, stdout, stderr } = await runTaskFile("launch", folder, ...flags);
    assert.equal(code, 0, stderr);
    const plan: { step: string; left: number[]; price: number }[] = JSON.parse(stdout).plan;
    assert.deepEqual(plan.map(({ step, left, price }) => [step, left.length, price]), [
      ["documents", 12, 12 * 0.05],
      ["corpus", 1, 0.05],
      ["education", 12, 12 * 0.05],
      ["sampled", 1, 0.05],
      ["reasoning", 12, 12 * 0.05],
      ["reasoned", 1, 0.05],
      ["domain", 12, 12 * 0.05],
      ["curation", 1, 0.05],
      ["tokens", 12, 12 * 0.05],
      ["shards", 1, 0.05],
      // Ten hours of 16 processors and 8 GPUs on each of three nodes.
      ["pretrain", 1, 3 * 10 * (16 * 0.05 + 8 * 2)],
    ]);
  }));

Deno.test("launch pretrain --recipe 950m --estimate sets what the recipe expects beside the limits, without its data", () =>
  inDirectory(async (folder) => {
    const file = join(folder, "launch.json");
    await writeJson(file, LAUNCH);
    const flags = ["pretrain", "--estimate", "--launch-file", file, "--recipe", "950m"];
    const { code, stdout, stderr } = await runTaskFile("launch", folder, ...flags);
    assert.equal(code, 0, stderr);
    const [titles = "", ...rows] = stdout.trim().split("\n");
    assert.match(titles, /GPU hours at most .*GPU hours expected/);
    const row = (step: string) => rows.find((line) => line.startsWith(`${step} `))?.split(/ {2,}/);
    // 1,051 GPU hours of the classifier at 2 each; the two phases of pretraining at most 3 × 8 GPUs for ten hours.
    assert.deepEqual(row("education")?.slice(-3, -1), ["1051", "2101.88"]);
    assert.deepEqual(row("corpus")?.slice(-3), ["–", "–", "–"]);
    assert.equal(
      rows.at(-1),
      "pretrain: the recipe's plan expects 29677 GPU hours, its jobs may take 240.",
    );
  }));

for (
  const [task, flags, message] of [
    [
      "launch",
      ["everything"],
      `launch: "everything" is no task, nor one of ${STEPS.join(", ")}.`,
    ],
    ["launch", ["shards"], "No --launch-file says which cluster."],
    ["launch", ["shards", "--launch-file", "no.json"], "Launch file no.json does not exist."],
    ["curate", ["--launch", "slurm"], "--launch is slurm, but no --launch-file says which cluster."],
    ["curate", ["--launch", "cloud"], '--launch is "cloud", expected local or slurm.'],
    [
      "launch_step",
      ["--step", "x", "--task", "0", "--ranks", "2"],
      `--step is "x", expected one of ${STEPS.join(", ")}.`,
    ],
    ["torch", ["--processes", "0"], "--processes is 0, expected a whole number above 0."],
  ] as const
) {
  Deno.test(`${task} ${flags.join(" ")} ends with one sentence and exit code 2`, async () => {
    const { code, stdout, stderr } = await runTaskFile(task, Deno.cwd(), ...flags);
    assert.deepEqual([code, stdout, stderr], [2, "", `${message}\n`]);
  });
}
