/**
 * Group relative policy optimisation with rule-based rewards (Shao et al., DeepSeekMath, 2024), as in the paper's ablation:
 * 32 prompts × 8 generations a step, no KL term.
 * @module
 */
import { join } from "node:path";
import type { TokenBatch, TrainBackend, UpdateSettings } from "../../backends/backend.ts";
import type { DecodeBackend } from "../../backends/decode.ts";
import { freshState } from "../../backends/state.ts";
import { RunError, UsageError } from "../../core/errors.ts";
import { Permutation } from "../../core/permutation.ts";
import { startProgress } from "../../core/progress.ts";
import { Random } from "../../core/random.ts";
import { meanOf } from "../../core/statistics.ts";
import { latestCheckpoint, saveCheckpoint } from "../checkpoint.ts";
import { CHECKPOINTS_FOLDER } from "../loop.ts";
import { learningRateAt, type Schedule } from "../schedule.ts";
import { groupAdvantages } from "./advantages.ts";
import { type Answer, answerAll, type Asking, type Prompt, score } from "./answers.ts";
import { policyBatches, type Rollout, targetLogProbabilities, withRatios } from "./objective.ts";
import { StepLog } from "./step_log.ts";

/** How a policy is trained. */
export interface GrpoSettings {
  readonly seed: number;
  /** In steps, each with as many updates as `updatesPerStep`. */
  readonly schedule: Schedule;
  readonly optimizer: Omit<UpdateSettings, "learningRate">;
  readonly promptsPerStep: number;
  /** Answers to each prompt, 2 at least: they are compared with each other. */
  readonly generationsPerPrompt: number;
  readonly temperature: number;
  readonly advantage: "standard deviation" | "mean";
  /** Updates on the same answers; from the second on the ratio to the policy that wrote them is clipped. */
  readonly updatesPerStep: number;
  /** ε of the clipping. */
  readonly clip: number;
  /** Rows of a micro-batch. */
  readonly sequencesPerBatch: number;
  /** The held-out prompts are answered before the first step, after every so many, and after the last. */
  readonly evaluateEvery: number;
  readonly checkpointEvery: number;
}

/** One training with GRPO. */
export interface GrpoRun {
  readonly name: string;
  readonly backend: TrainBackend;
  readonly initialWeights: Float32Array;
  /** Writes the answers, of the backend's config; it is given the backend's weights before the first step and after each one. */
  readonly policy: DecodeBackend;
  readonly prompts: readonly Prompt[];
  readonly heldOut: readonly Prompt[];
  readonly asking: Asking;
  readonly settings: GrpoSettings;
  /** Where grpo.jsonl, samples.jsonl and checkpoints/ go. */
  readonly directory: string;
  /** What the checkpoints belong to. */
  readonly fingerprint: string;
  readonly signal: AbortSignal;
}

/** A line of grpo.jsonl. */
export type GrpoMetrics =
  | {
    readonly kind: "step";
    readonly step: number;
    /** Mean over the step's answers. */
    readonly reward: number;
    /** Tokens of an answer, on average. */
    readonly meanLength: number;
    /** Share of answers that a stop token ended. */
    readonly stopped: number;
    /** Share of prompts whose answers did not all earn the same: the others teach nothing. */
    readonly mixedGroups: number;
    readonly gradientNorm: number;
    readonly learningRate: number;
    /** Of answers, updates and new weights for the policy. Timing; not part of what a resumed run must repeat. */
    readonly seconds: number;
  }
  | {
    readonly kind: "held out";
    readonly step: number;
    /** Mean reward of the likeliest answers to the held-out prompts. */
    readonly accuracy: number;
    readonly meanLength: number;
  };

/** A line of samples.jsonl: the first answer of a step. */
export interface GrpoSample {
  readonly step: number;
  readonly text: string;
  readonly gold: string;
  readonly reward: number;
}

/** Names of the logs in a run's directory. */
export const GRPO_METRICS_FILE = "grpo.jsonl";
export const GRPO_SAMPLES_FILE = "samples.jsonl";

const KEPT_CHECKPOINTS = { newest: 2, multiplesOf: null };

/**
 * Trains to the schedule's last step, from the newest checkpoint where there is one. The backend ends with the final state.
 *
 * @throws {UsageError} for settings or prompts with which nothing can be compared.
 * @throws {RunError} where a gradient is not finite; weights are then those before that update.
 * @throws {InterruptedError} on the signal, after saving a checkpoint.
 */
export async function trainWithGrpo(run: GrpoRun): Promise<void> {
  checkRun(run);
  const { backend, policy, settings, name, directory } = run;
  const checkpoints = join(directory, CHECKPOINTS_FOLDER);
  const resumed = await latestCheckpoint(checkpoints, backend.config, run.fingerprint);
  await backend.importState(resumed?.state ?? freshState(run.initialWeights));
  let step = resumed?.data.step ?? 0;
  const kept = resumed === undefined ? -1 : step;
  const metrics = await StepLog.open<GrpoMetrics>(join(directory, GRPO_METRICS_FILE), kept);
  const samples = await StepLog.open<GrpoSample>(join(directory, GRPO_SAMPLES_FILE), kept);
  const progress = startProgress(name, settings.schedule.totalSteps, "steps");
  const evaluate = async () => {
    metrics.append({ kind: "held out", step, ...await score(policy, run.heldOut, run.asking) });
  };
  const save = async () => {
    const data = { stage: name, seed: settings.seed, step, fingerprint: {} };
    const checkpoint = { state: await backend.exportState(), data, fingerprint: run.fingerprint };
    await saveCheckpoint(checkpoints, backend.config, checkpoint, KEPT_CHECKPOINTS);
  };

  try {
    await policy.load((await backend.exportState()).weights);
    if (resumed === undefined) await evaluate();
    while (step < settings.schedule.totalSteps) {
      if (run.signal.aborted) {
        await save();
        throw run.signal.reason;
      }
      const started = performance.now();
      const { answers, prompts } = await sampleStep(run, step).catch(async (error) => {
        // Stopped between two tokens; the weights are still the step's.
        if (run.signal.aborted) await save();
        throw error;
      });
      const result = await update(run, step, prompts, answers);
      step++;
      await policy.load((await backend.exportState()).weights);
      const seconds = (performance.now() - started) / 1000;
      metrics.append({ kind: "step", step, ...result, seconds });
      // A step has prompts, and each has answers.
      const [first, prompt] = [answers[0] as Answer, prompts[0] as Prompt];
      samples.append({ step, text: first.text, gold: prompt.gold, reward: first.reward });
      progress.update(step, `reward ${result.reward.toFixed(3)}, ${result.meanLength.toFixed(0)} tokens`);
      if (step % settings.evaluateEvery === 0 || step === settings.schedule.totalSteps) await evaluate();
      if (step % settings.checkpointEvery === 0 || step === settings.schedule.totalSteps) await save();
    }
  } finally {
    progress.finish();
  }
}

/** The prompts of a step, each as often as it is answered, and the answers. A pure function of weights, seed and step. */
async function sampleStep(run: GrpoRun, step: number): Promise<{ prompts: Prompt[]; answers: Answer[] }> {
  const { promptsPerStep, generationsPerPrompt, seed, temperature } = run.settings;
  const prompts = Array.from({ length: promptsPerStep }, (_, i) => {
    const index = step * promptsPerStep + i;
    const epoch = Math.floor(index / run.prompts.length);
    const order = new Permutation(run.prompts.length, Random.of(seed, run.name, "prompts", epoch));
    return run.prompts[order.at(index % run.prompts.length)] as Prompt; // A permutation of their indices.
  }).flatMap((prompt) => Array.from({ length: generationsPerPrompt }, () => prompt));
  const random = Random.of(seed, run.name, "answers", step);
  const seeds = prompts.map((_, i) => random.uint32(i));
  return {
    prompts,
    answers: await answerAll(run.policy, prompts, run.asking, { temperature, seeds, signal: run.signal }),
  };
}

/** The step's updates, and what is to be said of it. */
async function update(run: GrpoRun, step: number, prompts: readonly Prompt[], answers: readonly Answer[]) {
  const { backend, name, settings } = run;
  const { generationsPerPrompt: size, updatesPerStep, sequencesPerBatch } = settings;
  const rewards = answers.map(({ reward }) => reward);
  const groups = Array.from(
    { length: settings.promptsPerStep },
    (_, i) => rewards.slice(i * size, (i + 1) * size),
  );
  const advantages = groups.flatMap((group) => groupAdvantages(group, settings.advantage));
  const rollouts = answers.map(({ tokens }, i): Rollout => ({
    prompt: prompts[i]?.tokens ?? new Uint32Array(),
    answer: tokens,
    advantage: advantages[i] ?? 0,
  }));
  const batches = policyBatches(rollouts, sequencesPerBatch);
  const before = updatesPerStep > 1 ? await logProbabilities(backend, batches) : [];
  const learningRate = learningRateAt(settings.schedule, step);
  let gradientNorm = 0;
  for (let round = 0; round < updatesPerStep; round++) {
    const now = round === 0 ? before : await logProbabilities(backend, batches);
    const weighted = round === 0 ? batches : batches.map((batch, i) =>
      // One array a batch in both.
      withRatios(batch, before[i] as Float32Array, now[i] as Float32Array, settings.clip)
    );
    ({ gradientNorm } = await backend.step(weighted, { ...settings.optimizer, learningRate }));
    if (!Number.isFinite(gradientNorm)) {
      throw new RunError(
        `${name}: the gradient's norm is ${gradientNorm} at step ${step}; lower the learning rate.`,
      );
    }
  }
  return {
    reward: meanOf(rewards),
    meanLength: meanOf(answers.map(({ tokens }) => tokens.length)),
    stopped: meanOf(answers.map(({ stopped }) => stopped ? 1 : 0)),
    mixedGroups: meanOf(groups.map((group) => group.some((reward) => reward !== group[0]) ? 1 : 0)),
    gradientNorm,
    learningRate,
  };
}

async function logProbabilities(
  backend: TrainBackend,
  batches: readonly TokenBatch[],
): Promise<Float32Array[]> {
  const all: Float32Array[] = [];
  for (const batch of batches) all.push(await targetLogProbabilities(backend, batch));
  return all;
}

function checkRun({ name, prompts, heldOut, settings }: GrpoRun): void {
  const { generationsPerPrompt, promptsPerStep, updatesPerStep, sequencesPerBatch } = settings;
  const least = { generationsPerPrompt: 2, promptsPerStep: 1, updatesPerStep: 1, sequencesPerBatch: 1 };
  const values = { generationsPerPrompt, promptsPerStep, updatesPerStep, sequencesPerBatch };
  for (const [key, minimum] of Object.entries(least)) {
    const value = values[key as keyof typeof values];
    if (!Number.isSafeInteger(value) || value < minimum) {
      throw new UsageError(`${name}: ${key} is ${value}, expected a whole number from ${minimum}.`);
    }
  }
  if (prompts.length === 0 || heldOut.length === 0) {
    throw new UsageError(
      `${name}: there are ${prompts.length} prompts and ${heldOut.length} held-out ones, expected some of each.`,
    );
  }
}
