/**
 * A training that our loop and trainer.py both do: the same shards, initial weights and settings.
 *
 * Nothing here reads files beside its own modules, so a bundle of it runs on another machine, from the repository's root.
 * @module
 */
import assert from "node:assert/strict";
import { join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { TrainBackend } from "../../../lib/backends/backend.ts";
import { exists } from "../../../lib/core/artefacts.ts";
import { uniformMixture } from "../../../lib/core/mixture.ts";
import { Random } from "../../../lib/core/random.ts";
import { torchCommand, type TorchJobOptions, writeTorchJob } from "../../../lib/launch/torch/job.ts";
import { saveModel } from "../../../lib/model/checkpoint.ts";
import type { ModelConfig } from "../../../lib/model/config.ts";
import { runProcess } from "../../../lib/pipeline/subprocess.ts";
import { Loader } from "../../../lib/shards/loader.ts";
import { openShards } from "../../../lib/shards/reader.ts";
import { writeTokenShards } from "../../../lib/shards/writer.ts";
import { METRICS_FILE, train, type TrainingRun } from "../../../lib/train/loop.ts";
import type { StepMetrics } from "../../../lib/train/metrics.ts";
import { readMetrics } from "../../../lib/train/metrics_log.ts";

/** What is trained, in a folder with its shards and its initial model. */
export interface Training {
  readonly folder: string;
  readonly config: ModelConfig;
  readonly weights: Float32Array;
  readonly settings: TorchJobOptions["settings"];
}

/** What else a job says; absent: no teacher, the machine's precision. */
export type JobExtras = Pick<TorchJobOptions, "teacher" | "precision">;

const STAGE = "pretrain-1";
const SOURCES = ["code", "essays"];
const TOKENIZER = "numbers";
const SEED = 1;
const OPTIMIZER = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, maxGradientNorm: 1 };

/** Settings of a small training. */
export const SETTINGS: Training["settings"] = {
  ...{ steps: 50, warmupSteps: 5, sequences: 4, sequencesAtOnce: 1, length: 48 },
  ...{ learningRate: 0.004, decay: "linear", floor: 0.1, weightDecay: 0.1, checkpointEvery: 10 },
};

/** What makes a family member a model of a second's training. */
export const SMALL = {
  ...{
    layers: 2,
    width: 32,
    heads: 4,
    keyValueHeads: 2,
    headSize: 8,
    feedForwardWidth: 64,
    maxPositions: 64,
  },
  vocabularySize: 512,
};

/** Documents of random lengths whose tokens go up by 1 to 3, so that there is something to learn. */
async function* documents(source: string, tokens: number, vocabularySize: number) {
  const random = Random.of(SEED, source);
  for (let done = 0, i = 0; done < tokens; i++) {
    const document = new Uint32Array(20 + random.below(2 * i, 100));
    let token = random.below(2 * i + 1, vocabularySize);
    document.forEach((_, j) => document[j] = token = (token + 1 + (i * j) % 3) % vocabularySize);
    done += document.length;
    yield document;
  }
}

/** Writes shards, several files a source so that windows cross from one into the next, and the initial model. */
export async function writeTraining({ folder, config, weights, settings }: Training): Promise<void> {
  const { steps, sequences, length } = settings;
  for (const source of SOURCES) {
    const tokens = Math.ceil(steps * sequences * length / SOURCES.length) + length;
    await writeTokenShards(
      join(folder, source),
      documents(source, tokens, config.vocabularySize),
      { name: TOKENIZER, vocabularySize: config.vocabularySize },
      { source, maxTokensPerShard: Math.ceil(tokens / 3) },
    );
  }
  await saveModel(join(folder, "initial"), config, weights);
}

/** The training's batches. */
export async function openData({ folder, settings }: Training): Promise<Loader> {
  const { steps, sequences, length } = settings;
  const sources = await Promise.all(SOURCES.map((source) => openShards(join(folder, source))));
  return new Loader({
    ...{ mixture: uniformMixture(SOURCES, TOKENIZER), sources, seed: SEED, stage: STAGE },
    ...{ length, sequencesPerBatch: sequences, steps },
  });
}

/** Our loop, on a backend. @returns The losses. */
export async function trainOurs(
  training: Training,
  backend: TrainBackend,
  directory: string,
  prepare?: TrainingRun["prepare"],
): Promise<number[]> {
  const { weights, settings: { steps, warmupSteps, learningRate, decay, floor, weightDecay } } = training;
  await train({
    ...{ stage: STAGE, backend, directory, initialWeights: weights, fingerprint: "" },
    data: await openData(training),
    ...(prepare && { prepare }),
    schedule: { peak: learningRate, warmupSteps, totalSteps: steps, decay, floor },
    optimizer: { ...OPTIMIZER, weightDecay, decayedKinds: ["linear"] },
    ...{ probes: [], probeEvery: steps, checkpointEvery: steps },
    signal: new AbortController().signal,
  });
  return (await metricsOf(directory, steps)).map(({ loss }) => loss);
}

/** Metrics of every update, none missing and none twice. */
export async function metricsOf(directory: string, steps: number): Promise<StepMetrics[]> {
  const metrics = (await readMetrics(join(directory, METRICS_FILE))) as StepMetrics[]; // There are no others.
  assert.deepEqual(metrics.map(({ step }) => step), Array.from({ length: steps }, (_, i) => i + 1));
  return metrics;
}

/** Writes the training as a job of trainer.py. @returns Its path. */
export async function writeJob(
  { folder, settings }: Training,
  name: string,
  extras: JobExtras = {},
): Promise<string> {
  const path = join(folder, `${name}.json`);
  await writeTorchJob(path, {
    ...{
      stage: STAGE,
      recipe: { seed: SEED, optimizer: OPTIMIZER },
      settings,
      fingerprint: "this",
      ...extras,
    },
    ...{ mixture: uniformMixture(SOURCES, TOKENIZER), model: join(folder, "initial") },
    shards: (source) => join(folder, source),
  });
  return path;
}

/** torchCommand()'s, with a trainer that a bundle has not moved. */
function command(job: string, directory: string, processes: number): [string, ...string[]] {
  const [program, ...args] = torchCommand(job, directory, processes);
  return [
    program,
    ...args.map((arg) => arg.endsWith("trainer.py") ? resolve("lib/launch/torch/trainer.py") : arg),
  ];
}

/** trainer.py from its newest checkpoint, or from the beginning, to the end. */
export async function trainTorch(job: string, directory: string, processes: number): Promise<void> {
  const [program, ...args] = command(job, directory, processes);
  const done = await runProcess(program, args, { env: { OMP_NUM_THREADS: "1" }, seconds: 240 });
  assert.equal(done?.code, 0, done?.output);
}

/** trainer.py, whose only process is killed once a checkpoint is there. */
export async function killTorch(job: string, directory: string, checkpoint: string): Promise<void> {
  const [program, ...args] = command(job, directory, 1);
  const torchrun = new Deno.Command(program, { args, stdout: "null", stderr: "null" }).spawn();
  let ended = false;
  const status = torchrun.status.finally(() => ended = true);
  while (!await exists(join(directory, "checkpoints", checkpoint))) {
    assert.ok(!ended, `torchrun ended before ${checkpoint}.`);
    await setTimeout(20);
  }
  const trainers = childrenOf(torchrun.pid);
  assert.equal(trainers.length, 1);
  trainers.forEach((pid) => Deno.kill(pid, "SIGKILL"));
  assert.notEqual((await status).code, 0);
}

/** Processes that a process started, of Linux. */
function childrenOf(parent: number): number[] {
  return [...Deno.readDirSync("/proc")].map(({ name }) => Number(name)).filter((pid) => {
    try {
      return pid > 0 &&
        new RegExp(`^PPid:\\s${parent}$`, "m").test(Deno.readTextFileSync(`/proc/${pid}/status`));
    } catch {
      return false; // It has ended.
    }
  });
}

/** NaN where one has no number. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assert.equal(a.length, b.length);
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs((a[i] ?? NaN) - (b[i] ?? NaN)));
  return largest;
}
