import assert from "node:assert/strict";
import { join } from "node:path";
import { UsageError } from "../../../lib/core/errors.ts";
import { readPaperRun } from "../../../lib/pipeline/paper/run.ts";
import { inDirectory } from "../../core/temporary.ts";
import { writeSmallRun } from "./small_run.ts";

Deno.test("readPaperRun() finds what finished stages have, with date and machine", () =>
  inDirectory(async (root) => {
    await writeSmallRun(root);
    const run = await readPaperRun("small", root);
    const { command, made } = run.leaveOneOut;
    assert.equal(command, "deno task demo --run small");
    assert.equal(made?.value.impacts[0]?.mean, 0.5);
    assert.deepEqual([...made?.value.domains ?? []], [["programs", "code"], ["pages", "knowledge"]]);
    assert.deepEqual([made?.date, made?.machine], ["2026-11-24", "two cores"]);
    assert.equal(run.comparison.made?.machine, null);
    assert.deepEqual(
      run.comparison.made?.value.map(({ mixture, probe, step, seed }) => [mixture, probe, step, seed]),
      ["influence", "uniform"].flatMap((mixture) =>
        [0, 4].flatMap((step) => ["code", "math"].map((probe) => [mixture, probe, step, 7]))
      ),
    );
    assert.deepEqual(run.poolInfluence.made?.value, [{ stage: 1, capability: "code", influence: 2 }]);
    assert.deepEqual(run.reward.made?.value, [{
      start: "sft",
      points: [{ step: 0, accuracy: 50, meanLength: 80 }, { step: 1, accuracy: 75, meanLength: 60 }],
    }]);
  }));

Deno.test("readPaperRun() follows capabilities through all stages of training, and nothing that only fine-tuning asks", () =>
  inDirectory(async (root) => {
    await writeSmallRun(root);
    const { value } = (await readPaperRun("small", root)).course.made ?? {};
    assert.deepEqual(
      [...new Set(value?.measurements.map(({ stage, probe }) => `${stage} ${probe}`))],
      ["pretrain-1", "pretrain-2", "sft"].flatMap((stage) => [`${stage} code`, `${stage} math`]),
    );
  }));

Deno.test("readPaperRun() has nothing of a run that does not exist, or of a part that is empty", () =>
  inDirectory(async (root) => {
    const { name, reward, onDevice, ...parts } = await readPaperRun("none", join(root, "none"));
    assert.equal(name, "none");
    // Measured once, on the machine that is named.
    assert.deepEqual(
      reward.made?.value.map(({ start, points }) => [start, points[0]?.step, points.at(-1)?.step]),
      [["base", 0, 80], ["sft", 0, 80]],
    );
    assert.deepEqual(
      onDevice.made?.value.map(({ device, model, rates }) => [device, model, rates.length]),
      ["two CPU cores", "H100"].flatMap((device) =>
        ["140M", "360M", "950M"].map((size) => [device, size, 6])
      ),
    );
    for (const { made } of [reward, onDevice]) assert.match(made?.machine ?? "", /H100/);
    assert.ok(
      Object.values(parts).every(({ made, command }) => made === null && command.startsWith("deno task ")),
    );
    await writeSmallRun(root);
    assert.equal((await readPaperRun("small", root)).midtraining.made, null);
  }));

Deno.test("readPaperRun() names a file that is damaged", () =>
  inDirectory(async (root) => {
    await writeSmallRun(root);
    const path = join(root, "midtrain", "manifest.json");
    await Deno.writeTextFile(path, '{"finishedAt": ');
    await assert.rejects(
      () => readPaperRun("small", root),
      new UsageError(`${path} is damaged, expected what a task of this project wrote.`),
    );
  }));
