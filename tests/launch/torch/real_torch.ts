/**
 * trainer.py beside our own loop: the same losses, whatever the number of processes, and after a kill; and what it leaves is a model of
 * ours. `deno test -A tests/launch/torch/real_torch.ts`; needs python3 with torch, transformers and safetensors.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { openBackend } from "../../../lib/backends/open.ts";
import { torchStage } from "../../../lib/launch/torch/stage.ts";
import { loadModel } from "../../../lib/model/checkpoint.ts";
import { MODEL_SIZES } from "../../../lib/model/config.ts";
import { initialise } from "../../../lib/model/initialise.ts";
import type { Run } from "../../../lib/pipeline/run.ts";
import { modelPath } from "../../../lib/pipeline/stages/training.ts";
import { inDirectory, names as fileNames } from "../../core/temporary.ts";
import { smallRun, writeSmallData } from "../small_data.ts";
import {
  killTorch,
  largestDifference,
  metricsOf,
  SETTINGS,
  SMALL,
  trainOurs,
  trainTorch,
  writeJob,
  writeTraining,
} from "./comparison.ts";
import { hasTorch } from "./has_torch.ts";

const ignore = !hasTorch;
if (ignore) console.error("Not run: python3 with torch, transformers and safetensors is missing");

Deno.test({
  name: "50 steps of torch, on 1 and 2 processes and killed between, have the losses and the weights of ours",
  ignore,
  fn: () =>
    inDirectory(async (folder) => {
      const config = { ...MODEL_SIZES["140m"], ...SMALL };
      const training = { folder, config, weights: initialise(config, 1), settings: SETTINGS };
      await writeTraining(training);
      await using backend = await openBackend("wasm", config, { blas: "off", workers: 1 });
      const expected = await trainOurs(training, backend, join(folder, "ours"));
      const trained = (await backend.exportState()).weights;
      const job = await writeJob(training, "job");
      const differenceOf = async (directory: string) =>
        largestDifference((await metricsOf(directory, SETTINGS.steps)).map(({ loss }) => loss), expected);

      for (const processes of [1, 2]) {
        const directory = join(folder, `torch-${processes}`);
        await trainTorch(job, directory, processes);
        const difference = await differenceOf(directory);
        console.log(`${processes} processes: losses differ by ${difference.toExponential(1)} at most`);
        assert.ok(difference < 1e-3);
        const imported = await loadModel(join(directory, "model"));
        assert.deepEqual(imported.config, config);
        assert.ok(largestDifference(imported.weights, trained) < 1e-3);
      }

      // On a GPU products are in bfloat16, unless a job says otherwise; on a CPU a job can ask for it.
      const rough = join(folder, "rough");
      await trainTorch(await writeJob(training, "rough-job", { precision: "bfloat16" }), rough, 1);
      const difference = await differenceOf(rough);
      console.log(`in bfloat16: losses differ by ${difference.toExponential(1)} at most`);
      assert.ok(difference > 1e-4 && difference < 0.1);

      // Killed after its first checkpoint, it goes on with another number of processes.
      const killed = join(folder, "killed");
      await killTorch(job, killed, "step-00000010");
      await trainTorch(job, killed, 2);
      assert.ok(await differenceOf(killed) < 1e-3);
    }),
});

Deno.test({
  name: "torchStage() leaves phases and mid-training with a teacher as finished stages whose models are ours",
  ignore,
  fn: () =>
    inDirectory(async (folder) => {
      const recipe = await writeSmallData(folder);
      const untaught = await smallRun(recipe, join(folder, "own"));
      const teacher = modelPath(await untaught.pretrained());
      const settings = [
        ...["steps=2", "length=32", "sequences=2", "compression.stages=1", "compression.original=false"],
        ...[`teacher.address=${teacher}`, "teacher.topK=16", "teacher.crossEntropyShare=0.5"],
      ].map((setting) => `midtrain.${setting}`);
      const own = await smallRun(recipe, join(folder, "own"), settings);
      const torch = await smallRun(
        recipe,
        join(folder, "torch"),
        [...settings, "trainer=torch"],
        (stage, recipe) => torchStage(stage, recipe, stage.name === "pretrain-1" ? 2 : 1),
      );
      const trained = async (run: Run) => [...await run.pretrainingPhases(), (await run.midtraining()).model];
      const ours = await trained(own);
      for (const [i, theirs] of (await trained(torch)).entries()) {
        const stage = ours[i];
        assert.ok(stage);
        assert.equal(theirs.manifest.stage, `torch-${stage.manifest.stage}`);
        const [a, b] = await Promise.all([stage, theirs].map((of) => loadModel(modelPath(of))));
        assert.ok(largestDifference(a?.weights ?? [], b?.weights ?? []) < 1e-3);
        assert.deepEqual(theirs.manifest.result.sampling, stage.manifest.result.sampling);
        assert.ok(Math.abs(theirs.manifest.result.lossLast - stage.manifest.result.lossLast) < 1e-3);
        assert.deepEqual(await fileNames(theirs.directory), ["manifest.json", "metrics.jsonl", "model"]);
      }
    }),
});
