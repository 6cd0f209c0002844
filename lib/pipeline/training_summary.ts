/**
 * What a task prints of the training stages that it ran.
 * @module
 */
import { formatDuration } from "../core/progress.ts";
import type { TrainingEstimate } from "./estimate.ts";
import type { FinishedStage } from "./stage.ts";
import type { ProbeChange, TrainingResult } from "./stages/training.ts";

/** A training stage for a terminal and for `--json`. */
export interface TrainingSummary {
  readonly name: string;
  readonly tokens: number;
  /** Mean loss over its first twentieth, in nats per token. */
  readonly lossFirst: number;
  /** Over its last. */
  readonly lossLast: number;
  /** Held-out losses; of fine-tuning also "answers" and "prompts". */
  readonly probes: readonly ProbeChange[];
  /** Done by an earlier call. */
  readonly skipped: boolean;
}

/** Summaries of finished stages. */
export function summariseTraining(stages: readonly FinishedStage<TrainingResult>[]): TrainingSummary[] {
  return stages.map(({ manifest: { stage, result: { tokens, lossFirst, lossLast, probes } }, skipped }) => ({
    name: stage,
    tokens,
    lossFirst,
    lossLast,
    probes,
    skipped,
  }));
}

/** A line for each. */
export function describeTraining(stages: readonly TrainingSummary[]): string[] {
  return stages.map(({ name, tokens, lossFirst, lossLast, probes, skipped }) =>
    [
      `${name}: ${tokens} tokens, loss ${lossFirst.toFixed(3)} to ${lossLast.toFixed(3)}`,
      ...probes.map(({ probe, before, after }) => `${probe} ${before.toFixed(3)} to ${after.toFixed(3)}`),
    ].join(", ") + (skipped ? " (done before)" : "")
  );
}

/** What training will take, for a terminal. */
export function describeEstimate(
  { parameters, tokens, flops, seconds, stateBytes }: TrainingEstimate,
): string {
  return `${parameters} parameters, ${tokens} tokens, ${flops.toPrecision(3)} FLOP; here ${
    (tokens / seconds).toFixed(0)
  } tokens a second: ${formatDuration(seconds)}; weights, gradient and moments ${
    (stateBytes / 1e6).toFixed(1)
  } MB.`;
}
