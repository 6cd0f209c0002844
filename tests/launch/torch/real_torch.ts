/**
 * trainer.py beside our own loop: the same losses, whatever the number of processes, and after a kill; and what it leaves is a model of
 * ours. `deno test -A tests/launch/torch/real_torch.ts`; needs python3 with torch, transformers and safetensors.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { openBackend } from "../../../lib/backends/open.ts";
import { exists } from "../../../lib/core/artefacts.ts";
import { uniformMixture } from "../../../lib/core/mixture.ts";
import { torchCommand, writeTorchJob } from "../../../lib/launch/torch/job.ts";
import { torchStage } from "../../../lib/launch/torch/stage.ts";
import { loadModel, saveModel } from "../../../lib/model/checkpoint.ts";
import { MODEL_SIZES } from "../../../lib/model/config.ts";
import { initialise } from "../../../lib/model/initialise.ts";
import { loadRecipe } from "../../../lib/pipeline/recipe.ts";
import { runStage } from "../../../lib/pipeline/stage.ts";
import { runProcess } from "../../../lib/pipeline/subprocess.ts";
import { Loader } from "../../../lib/shards/loader.ts";
import { openShards } from "../../../lib/shards/reader.ts";
import { writeShards } from "../../../lib/shards/writer.ts";
import { openTokenizer } from "../../../lib/tokenizer/tokenizer.ts";
import { train } from "../../../lib/train/loop.ts";
import type { StepMetrics } from "../../../lib/train/metrics.ts";
import { readMetrics } from "../../../lib/train/metrics_log.ts";
import { inDirectory, names as fileNames } from "../../core/temporary.ts";
import { uniqueWords } from "../../curation/documents.ts";
import { smallRun, writeSmallData } from "../small_data.ts";

const python = await runProcess("python3", ["-c", "import torch, transformers, safetensors"]);
const ignore = python?.code !== 0;
if (ignore) console.error("Not run: python3 with torch, transformers and safetensors is missing");

const TOKENIZER = "llama3-512";
const STEPS = 50;
const { signal } = new AbortController();

async function* texts(word: string) {
  for (let i = 0; i < 40; i++) yield { text: `${word} ${uniqueWords(i, 20).join(` ${word} `)}` };
}

async function losses(directory: string): Promise<number[]> {
  const steps = (await readMetrics(join(directory, "metrics.jsonl"))) as StepMetrics[];
  assert.deepEqual(steps.map(({ step }) => step), Array.from({ length: STEPS }, (_, i) => i + 1));
  return steps.map(({ loss }) => loss);
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assert.equal(a.length, b.length);
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs((a[i] ?? NaN) - (b[i] ?? NaN)));
  return largest;
}

Deno.test({
  name: "50 steps of torch, on 1 and 2 processes and killed between, have the losses and the weights of ours",
  ignore,
  fn: () =>
    inDirectory(async (folder) => {
      const tokenizer = await openTokenizer(TOKENIZER);
      const demo = await loadRecipe("demo", []);
      const recipe = { ...demo, tokenizer: TOKENIZER };
      const settings = {
        ...demo.pretrain1,
        ...{
          steps: STEPS,
          warmupSteps: 5,
          sequences: 4,
          sequencesAtOnce: 1,
          length: 48,
          checkpointEvery: 10,
        },
      };
      const config = {
        ...MODEL_SIZES["140m"],
        ...{
          layers: 2,
          width: 32,
          heads: 4,
          keyValueHeads: 2,
          headSize: 8,
          feedForwardWidth: 64,
          maxPositions: 64,
        },
        vocabularySize: tokenizer.vocabularySize,
      };
      const shards = (source: string) => join(folder, source);
      const names = ["code", "essays"];
      // Several files, so that windows cross from one into the next.
      for (const source of names) {
        await writeShards(shards(source), texts(source), tokenizer, { source, maxTokensPerShard: 2500 });
      }
      const mixture = uniformMixture(names, TOKENIZER);
      const weights = initialise(config, recipe.seed);
      const model = join(folder, "initial");
      await saveModel(model, config, weights);

      const job = join(folder, "job.json");
      const { schedule, optimizer } = await writeTorchJob(job, {
        stage: "pretrain-1",
        recipe,
        settings,
        mixture,
        shards,
        model,
        fingerprint: "this",
      });
      const ours = join(folder, "ours");
      await using backend = await openBackend("wasm", config, { blas: "off", workers: 1 });
      const sources = await Promise.all(names.map((name) => openShards(shards(name))));
      const { sequences, length } = settings;
      await train({
        stage: "pretrain-1",
        backend,
        data: new Loader({
          mixture,
          sources,
          seed: recipe.seed,
          stage: "pretrain-1",
          length,
          sequencesPerBatch: sequences,
          steps: STEPS,
        }),
        schedule,
        optimizer: { ...optimizer, decayedKinds: ["linear"] },
        probes: [],
        probeEvery: STEPS,
        initialWeights: weights,
        directory: ours,
        checkpointEvery: STEPS,
        fingerprint: "",
        signal,
      });
      sources.forEach((source) => source[Symbol.dispose]());
      const expected = await losses(ours), trained = (await backend.exportState()).weights;

      const torch = async (directory: string, processes: number) => {
        const [program, ...args] = torchCommand(job, directory, processes);
        const env = { OMP_NUM_THREADS: "1" };
        const done = await runProcess(program, args, { env, seconds: 240 });
        assert.equal(done?.code, 0, done?.output);
      };
      for (const processes of [1, 2]) {
        const directory = join(folder, `torch-${processes}`);
        await torch(directory, processes);
        const difference = largestDifference(await losses(directory), expected);
        console.log(`${processes} processes: losses differ by ${difference.toExponential(1)} at most`);
        assert.ok(difference < 1e-3);
        const imported = await loadModel(join(directory, "model"));
        assert.deepEqual(imported.config, config);
        assert.ok(largestDifference(imported.weights, trained) < 1e-3);
      }

      // Killed after its first checkpoint, it goes on with another number of processes.
      const killed = join(folder, "killed");
      const [program, ...args] = torchCommand(job, killed, 1);
      const child = new Deno.Command(program, { args, stdout: "null", stderr: "null" }).spawn();
      while (!await exists(join(killed, "checkpoints", "step-00000010"))) await setTimeout(20);
      child.kill("SIGTERM");
      await child.status;
      await torch(killed, 2);
      assert.ok(largestDifference(await losses(killed), expected) < 1e-3);
    }),
});

Deno.test({
  name: "torchStage() leaves both phases as finished stages whose models are ours",
  ignore,
  fn: () =>
    inDirectory(async (folder) => {
      const run = await smallRun(await writeSmallData(folder), join(folder, "run"));
      const shards = await run.shards();
      const mixture = await run.mixture(run.recipe.pretrain1.mixture);
      const first = await runStage(
        torchStage("pretrain-1", run.recipe, { shards, mixture }, 2),
        run.settings,
      );
      const inputs = { shards, mixture, previous: first };
      const second = await runStage(torchStage("pretrain-2", run.recipe, inputs, 1), run.settings);
      const ours = await run.pretrainingPhases();
      for (const [i, theirs] of [first, second].entries()) {
        const own = ours[i];
        assert.ok(own);
        const [a, b] = await Promise.all(
          [own, theirs].map(({ directory }) => loadModel(join(directory, "model"))),
        );
        assert.ok(largestDifference(a?.weights ?? [], b?.weights ?? []) < 1e-3);
        assert.deepEqual(theirs.manifest.result.sampling, own.manifest.result.sampling);
        assert.ok(Math.abs(theirs.manifest.result.lossLast - own.manifest.result.lossLast) < 1e-3);
        assert.deepEqual(await fileNames(theirs.directory), ["manifest.json", "metrics.jsonl", "model"]);
      }
    }),
});
