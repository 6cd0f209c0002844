/**
 * Proxies: small models that are trained in order to compare data. Each lives in a directory of its own, is resumed where it
 * stopped, and read where it is finished.
 * @module
 */
import { join } from "node:path";
import type { TrainBackend, UpdateSettings } from "../backends/backend.ts";
import { fingerprint, writeJson } from "../core/artefacts.ts";
import { RunError } from "../core/errors.ts";
import { saveModel } from "../model/checkpoint.ts";
import type { ModelConfig } from "../model/config.ts";
import { initialise } from "../model/initialise.ts";
import type { BatchSource } from "../shards/batch.ts";
import { METRICS_FILE, train, type TrainingRun } from "../train/loop.ts";
import type { ProbeMetrics } from "../train/metrics.ts";
import { readMetrics } from "../train/metrics_log.ts";
import type { Probe } from "../train/probe.ts";
import type { Schedule } from "../train/schedule.ts";

/** How every proxy of an experiment is trained; experiments differ in data and seed alone. */
export interface ProxyTraining {
  readonly config: ModelConfig;
  readonly schedule: Schedule;
  readonly optimizer: Omit<UpdateSettings, "learningRate">;
  /** Updates between the checkpoints that an interrupted proxy goes on from. */
  readonly checkpointEvery: number;
}

/** One proxy. */
export interface ProxyRun {
  /** Names it in metrics and progress. */
  readonly name: string;
  /** Of the initial weights. */
  readonly seed: number;
  readonly training: ProxyTraining;
  /** As many batches as the schedule has steps. */
  readonly data: BatchSource;
  /** As in `TrainingRun`. */
  readonly prepare?: TrainingRun["prepare"];
  readonly probes: readonly Probe[];
  /** How often the probes are scored along training, evenly spaced, the end included (and once before it). */
  readonly probePoints: number;
  /** How many evenly spaced models are kept, the last one included; 0: none. */
  readonly keptModels: number;
  /** Its own. */
  readonly directory: string;
  /** Of whatever else its bits depend on: data, code. */
  readonly fingerprint: string;
  readonly signal: AbortSignal;
}

/** Loss of one probing set. */
export interface ProbeLoss {
  /** Updates done. */
  readonly step: number;
  /** Tokens trained on. */
  readonly tokens: number;
  readonly probe: string;
  /** Mean per token, in nats. */
  readonly negativeLogLikelihood: number;
}

/** A finished proxy. */
export interface TrainedProxy {
  readonly losses: readonly ProbeLoss[];
  /** Directories of the kept models, in the order of training: {@link modelPathAt} the steps of {@link evenlySpaced}. */
  readonly models: readonly string[];
}

/** Comes last, so that a directory with it is finished. */
const RESULT_FILE = "proxy.json";

/** What is in {@link RESULT_FILE}. */
interface Result {
  readonly fingerprint: string;
  readonly losses: readonly ProbeLoss[];
  readonly modelSteps: readonly number[];
}

/**
 * Trains a proxy from scratch, goes on with one that was interrupted, or reads one that is finished.
 *
 * @param backend Of the proxy's config; its state is replaced.
 * @throws {RunError} where the directory holds another proxy, or training diverges.
 * @throws {InterruptedError} on the signal, after saving a checkpoint.
 */
export async function trainProxy(backend: TrainBackend, run: ProxyRun): Promise<TrainedProxy> {
  const { name, seed, training, data, probes, probePoints, directory } = run;
  const { totalSteps } = training.schedule;
  const modelSteps = evenlySpaced(totalSteps, run.keptModels);
  const own = fingerprint({
    given: run.fingerprint,
    name,
    seed,
    training,
    data: data.state(0),
    probePoints,
    modelSteps,
  });
  const path = join(directory, RESULT_FILE);
  const modelAt = (step: number) => modelPathAt(directory, step);
  const finished = await readResult(path);
  if (finished !== undefined) {
    if (finished.fingerprint !== own) {
      throw new RunError(`${path} belongs to a proxy of other settings, data or code.`);
    }
    return { losses: finished.losses, models: modelSteps.map(modelAt) };
  }
  await train({
    stage: name,
    backend,
    data,
    ...(run.prepare && { prepare: run.prepare }),
    schedule: training.schedule,
    optimizer: training.optimizer,
    probes,
    probeEvery: Math.ceil(totalSteps / probePoints),
    initialWeights: initialise(training.config, seed),
    directory,
    checkpointEvery: training.checkpointEvery,
    async afterStep(step) {
      if (!modelSteps.includes(step)) return;
      await saveModel(modelAt(step), training.config, (await backend.exportState()).weights);
    },
    fingerprint: own,
    signal: run.signal,
  });
  const losses = (await readMetrics(join(directory, METRICS_FILE)))
    .filter((entry): entry is ProbeMetrics => entry.kind === "probe")
    .map(({ step, tokens, probe, negativeLogLikelihood }) => ({
      step,
      tokens,
      probe,
      negativeLogLikelihood,
    }));
  await Deno.remove(join(directory, "checkpoints"), { recursive: true }).catch((error) => {
    // A proxy shorter than its checkpoint interval has none.
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  await writeJson(path, { fingerprint: own, losses, modelSteps } satisfies Result);
  return { losses, models: modelSteps.map(modelAt) };
}

/** Where a proxy's directory has the model of a step. */
export function modelPathAt(directory: string, step: number): string {
  return join(directory, "models", `step-${step}`);
}

async function readResult(path: string): Promise<Result | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/**
 * The steps t·total/count for t = 1 … count, rounded up.
 *
 * @example
 * ```ts
 * import { evenlySpaced } from "./proxy.ts";
 * import assert from "node:assert/strict";
 * assert.deepEqual(evenlySpaced(100, 3), [34, 67, 100]);
 * ```
 */
export function evenlySpaced(total: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => Math.ceil((i + 1) * total / count));
}
