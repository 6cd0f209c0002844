/**
 * trainer.py on GPUs beside our backend: the same losses, also after a kill; its model is ours; the time and memory of a large model's step.
 *
 *     deno run -A tests/launch/torch/gpu_trial.ts [losses|step ...] [--tiny] [--backend webgpu|wasm] [--processes 1,2] [--out FILE] [--json]
 *
 * From the repository's root; it may be bundled into one file. --tiny: sizes for a machine without a GPU. A bundle has webgpu alone: wasm's
 * kernels are files.
 * Every part is guarded: one that fails is reported and the next one runs.
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { BenchReport } from "../../../kernels/bench/report.ts";
import { numbers } from "../../../kernels/bench/random.ts";
import type { TrainBackend } from "../../../lib/backends/backend.ts";
import { createWasmBackend } from "../../../lib/backends/wasm.ts";
import { createWebgpuBackend } from "../../../lib/backends/webgpu.ts";
import { freshState } from "../../../lib/backends/state.ts";
import { quantile } from "../../../lib/core/statistics.ts";
import { loadModel } from "../../../lib/model/checkpoint.ts";
import { MODEL_SIZES, type ModelConfig, parameterCount, parameterLayout } from "../../../lib/model/config.ts";
import { runProcess } from "../../../lib/pipeline/subprocess.ts";
import { meanNegativeLogLikelihood } from "../../../lib/train/probe.ts";
import { inDirectory } from "../../core/temporary.ts";
import {
  killTorch,
  largestDifference,
  metricsOf,
  openData,
  SETTINGS,
  SMALL,
  trainOurs,
  trainTorch,
  writeJob,
  writeTraining,
} from "./comparison.ts";

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    tiny: { type: "boolean", default: false },
    backend: { type: "string", default: "webgpu" },
    processes: { type: "string" },
    out: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const report = new BenchReport(flags);

/** How far the losses of two trainings in float32 may be apart, in nats a token. */
const MOST_DIFFERENCE = 1e-3;

/** Updates before those whose time counts. */
const WARMING = 4;

const FAMILY = MODEL_SIZES["140m"];

/** A model that both train. */
const PROXY = flags.tiny ? { ...FAMILY, ...SMALL } : {
  ...FAMILY,
  ...{ layers: 4, width: 256, heads: 4, keyValueHeads: 2, feedForwardWidth: 704, vocabularySize: 4096 },
};
const PROXY_SETTINGS = flags.tiny
  ? SETTINGS
  : { ...SETTINGS, sequences: 8, length: 256, checkpointEvery: 20 };

/** A model whose step is timed. */
const LARGE = flags.tiny ? PROXY : MODEL_SIZES["950m"];
const LARGE_SETTINGS = {
  ...SETTINGS,
  ...{
    steps: 12,
    warmupSteps: 2,
    length: flags.tiny ? 48 : 1024,
    sequencesAtOnce: null,
    checkpointEvery: 100,
  },
  learningRate: 1e-4,
};

/** Norms of 1, and matrices of standard deviation 0.02 from a million numbers that repeat: a billion of their own take a minute. */
function cheapWeights(config: ModelConfig): Float32Array {
  const weights = new Float32Array(parameterCount(config));
  const pattern = numbers(1_000_003, 1).map((value) => 0.02 * value);
  for (let at = 0; at < weights.length; at += pattern.length) {
    weights.set(pattern.subarray(0, weights.length - at), at);
  }
  for (const { kind, offset, size } of parameterLayout(config)) {
    if (kind === "norm") weights.fill(1, offset, offset + size);
  }
  return weights;
}

/** In float32: what is compared is one function. */
function openOurs(): Promise<TrainBackend> {
  return flags.backend === "wasm"
    ? createWasmBackend(PROXY, { blas: "off", workers: 1 })
    : createWebgpuBackend(PROXY, { tier: "f32" });
}

/** 50 updates by ours, by torch, and by torch with a kill between; the loss of torch's model here and there. */
function losses(processes: number) {
  return inDirectory(async (folder) => {
    const training = { folder, config: PROXY, weights: cheapWeights(PROXY), settings: PROXY_SETTINGS };
    await writeTraining(training);
    await using backend = await openOurs();
    const ours = await trainOurs(training, backend, join(folder, "ours"));
    const job = await writeJob(training, "job", { precision: "float32" });
    const whole = join(folder, "torch"), killed = join(folder, "killed");
    await trainTorch(job, whole, processes);
    await killTorch(job, killed, `step-${String(PROXY_SETTINGS.checkpointEvery).padStart(8, "0")}`);
    await trainTorch(job, killed, processes);
    const differenceOf = async (directory: string) =>
      largestDifference((await metricsOf(directory, PROXY_SETTINGS.steps)).map(({ loss }) => loss), ours);

    const { loss: theirs } = JSON.parse(await Deno.readTextFile(join(whole, "verification.json")));
    await backend.importState(freshState((await loadModel(join(whole, "model"))).weights));
    const imported = await meanNegativeLogLikelihood(backend, [(await openData(training)).batch(0)]);
    const result = {
      backend: backend.description,
      first: ours[0],
      last: ours.at(-1),
      difference: await differenceOf(whole),
      differenceAfterKill: await differenceOf(killed),
      importedDifference: Math.abs(imported - theirs),
    };
    report.print(`losses, ${processes} processes: ${JSON.stringify(result)}`);
    for (const key of ["difference", "differenceAfterKill", "importedDifference"] as const) {
      assert.ok(result[key] < MOST_DIFFERENCE, `${key} is ${result[key]}.`);
    }
    return result;
  });
}

/** Time and memory of a large model's update, in the machine's precision. */
function step(processes: number) {
  return inDirectory(async (folder) => {
    const training = { folder, config: LARGE, weights: cheapWeights(LARGE), settings: LARGE_SETTINGS };
    await writeTraining(training);
    const directory = join(folder, "torch");
    await trainTorch(await writeJob(training, "job"), directory, processes);
    const { steps, sequences, length } = LARGE_SETTINGS;
    const metrics = (await metricsOf(directory, steps)).slice(WARMING);
    const milliseconds = metrics.map(({ tokensPerSecond }) => 1000 * sequences * length / tokensPerSecond);
    const { peakBytes } = JSON.parse(await Deno.readTextFile(join(directory, "verification.json")));
    const median = quantile(milliseconds, 0.5);
    const result = {
      parameters: parameterCount(LARGE),
      batch: `${sequences}x${length}`,
      milliseconds: median,
      range: [Math.min(...milliseconds), Math.max(...milliseconds)],
      tokensPerSecond: 1000 * sequences * length / median,
      peakGigabytes: peakBytes === null ? null : peakBytes / 2 ** 30,
    };
    report.print(`step, ${processes} processes: ${JSON.stringify(result)}`);
    return result;
  });
}

/** 1, and 2 where there are as many GPUs. */
async function processesHere(): Promise<number[]> {
  const listed = await runProcess("nvidia-smi", ["-L"]);
  return (listed?.stdout.match(/^GPU /gm)?.length ?? 0) > 1 ? [1, 2] : [1];
}

const parts: Record<string, (processes: number) => Promise<unknown>> = { losses, step };
const processes = flags.processes?.split(",").map(Number) ?? await processesHere();
for (const name of positionals.length > 0 ? positionals : Object.keys(parts)) {
  const part = parts[name];
  if (!part) {
    console.error(`No part "${name}": ${Object.keys(parts).join(", ")}.`);
    Deno.exit(2);
  }
  for (const count of processes) await report.part(`${name}, ${count} processes`, () => part(count));
}
report.exit();
