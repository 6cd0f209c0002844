/**
 * The training loop of every stage: batches in a fixed order, AdamW under a schedule, probes, metrics, checkpoints.
 *
 * It holds no state of its own: batch and learning rate are functions of the step, and everything else is in the
 * checkpoint. Killed at any moment and run again, it ends with the same bits.
 * @module
 */
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { TokenBatch, TrainBackend, UpdateSettings } from "../backends/backend.ts";
import { freshState } from "../backends/state.ts";
import { RunError } from "../core/errors.ts";
import { startProgress } from "../core/progress.ts";
import type { Batch, BatchSource } from "../shards/batch.ts";
import { type CheckpointPolicy, latestCheckpoint, saveCheckpoint } from "./checkpoint.ts";
import type { ProbeMetrics, StepMetrics } from "./metrics.ts";
import { MetricsLog } from "./metrics_log.ts";
import { modelFlopsUtilisation } from "./peak_flops.ts";
import { microBatches } from "./micro_batches.ts";
import { meanNegativeLogLikelihood, type Probe } from "./probe.ts";
import { learningRateAt, type Schedule } from "./schedule.ts";

/** What a stage trains, on what, and how. */
export interface TrainingRun {
  /** Names the stage in metrics and progress. */
  readonly stage: string;
  readonly backend: TrainBackend;
  /** The order of the data: step → batch, as a pure function. */
  readonly data: BatchSource;
  /** Adds to the batch of a step what is not in the data, such as a teacher's logits; a pure function of both. Absent: nothing. */
  readonly prepare?: (batch: Batch, step: number, signal: AbortSignal) => Promise<TokenBatch>;
  /** Sequences that the backend holds at once; the gradients of a batch's parts are accumulated. Absent or null: all. */
  readonly sequencesAtOnce?: number | null;
  readonly schedule: Schedule;
  readonly optimizer: Omit<UpdateSettings, "learningRate">;
  readonly probes: readonly Probe[];
  /** Probes are scored before the first update, after every so many, and after the last. */
  readonly probeEvery: number;
  /** Weights to start from, flat in the layout of `parameterLayout`; moments start at zero. */
  readonly initialWeights: Float32Array;
  /** Where metrics.jsonl and checkpoints/ go. */
  readonly directory: string;
  /** Updates between checkpoints. */
  readonly checkpointEvery: number;
  /** Which of them stay. Absent: {@link RESUME_ONLY}. */
  readonly checkpoints?: CheckpointPolicy;
  /** Called after each update with the number of those done; a resumed run calls it again for updates that it repeats. */
  readonly afterStep?: (step: number) => Promise<void>;
  /** What the checkpoints belong to. */
  readonly fingerprint: string;
  readonly signal: AbortSignal;
}

/** The newest checkpoint, and one more should that be lost. */
const RESUME_ONLY: CheckpointPolicy = { newest: 2, multiplesOf: null };

/** Where a stage's checkpoints are, in its directory. */
export const CHECKPOINTS_FOLDER = "checkpoints";

/** Name of the metrics file in a stage's directory. */
export const METRICS_FILE = "metrics.jsonl";

/**
 * Trains to the schedule's last step, from the newest checkpoint where there is one. The backend ends with the final
 * state; whoever saves the model tidies the checkpoints away.
 *
 * @throws {RunError} where loss or gradient is not finite; weights are then those before that update.
 * @throws {InterruptedError} on the signal, after saving a checkpoint.
 */
export async function train(run: TrainingRun): Promise<void> {
  const { backend, schedule, stage } = run;
  const checkpoints = join(run.directory, CHECKPOINTS_FOLDER);
  const resumed = await latestCheckpoint(checkpoints, backend.config, run.fingerprint);
  if (resumed !== undefined) run.data.checkState(resumed.data);
  await backend.importState(resumed?.state ?? freshState(run.initialWeights));
  let step = resumed?.state.step ?? 0;

  using log = await MetricsLog.open(join(run.directory, METRICS_FILE), resumed === undefined ? -1 : step);
  let tokens = log.tokens;
  const progress = startProgress(stage, schedule.totalSteps * run.data.batch(0).tokens.length, "tokens");
  const save = async () => {
    const { fingerprint, data } = run;
    const checkpoint = { state: await backend.exportState(), data: data.state(step), fingerprint };
    await saveCheckpoint(checkpoints, backend.config, checkpoint, run.checkpoints ?? RESUME_ONLY);
  };
  const scoreProbes = async () => {
    for (const { name, batches } of run.probes) {
      const negativeLogLikelihood = await meanNegativeLogLikelihood(backend, batches);
      log.append(
        {
          kind: "probe",
          stage,
          step,
          tokens,
          probe: name,
          negativeLogLikelihood,
          perplexity: Math.exp(negativeLogLikelihood),
        } satisfies ProbeMetrics,
      );
    }
  };

  try {
    if (resumed === undefined) await scoreProbes();
    while (step < schedule.totalSteps) {
      // A backend may compute on this thread: let signals and the progress bar have their turn.
      await setImmediate();
      if (run.signal.aborted) {
        await save();
        throw run.signal.reason;
      }
      const started = performance.now();
      const learningRate = learningRateAt(schedule, step);
      const batch = run.data.batch(step);
      const prepared = await run.prepare?.(batch, step, run.signal) ?? batch;
      const { loss, gradientNorm } = await backend.step(
        microBatches(prepared, run.sequencesAtOnce ?? null),
        { ...run.optimizer, learningRate },
      );
      if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) {
        throw new RunError(
          `${stage}: loss ${loss}, gradient norm ${gradientNorm} at step ${step} (learning rate ${learningRate}): the run diverged; lower the learning rate or the gradient clip.`,
        );
      }
      step++;
      tokens += batch.tokens.length;
      const tokensPerSecond = batch.tokens.length / ((performance.now() - started) / 1000);
      const utilisation = modelFlopsUtilisation(backend, batch.length, tokensPerSecond);
      log.append(
        {
          kind: "step",
          stage,
          step,
          tokens,
          loss,
          learningRate,
          gradientNorm,
          tokensPerSecond,
          ...(utilisation !== undefined && { utilisation }),
        } satisfies StepMetrics,
      );
      const ofPeak = utilisation === undefined ? "" : `, ${(100 * utilisation).toFixed(1)}% of peak`;
      progress.update(tokens, `loss ${loss.toFixed(3)}${ofPeak}`);
      if (step % run.probeEvery === 0 || step === schedule.totalSteps) await scoreProbes();
      await run.afterStep?.(step);
      if (step % run.checkpointEvery === 0) await save();
    }
  } finally {
    progress.finish();
  }
}
