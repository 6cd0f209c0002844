/**
 * What the report says about mid-training and fine-tuning, from the stages that did it.
 * @module
 */
import { join } from "node:path";
import type { FineTuningChange, MidtrainingReport } from "../../figures/training_report.ts";
import type { FinishedStage } from "../stage.ts";
import type { DistillationResult } from "./distillation.ts";
import { CURVES_FILE, type MidtrainingSummary, POOL_INFLUENCE_FILE } from "./midtraining_summary.ts";
import type { TrainingResult } from "./training.ts";

/** The stages. */
export interface TrainingInputs {
  readonly midtraining: FinishedStage<MidtrainingSummary>;
  /** undefined: nobody asked for it. */
  readonly distillation: FinishedStage<DistillationResult> | undefined;
  readonly fineTuning: readonly FinishedStage<TrainingResult>[];
}

/** Collects mid-training. */
export async function collectMidtraining(
  { midtraining, distillation }: TrainingInputs,
): Promise<MidtrainingReport> {
  const { directory, manifest: { result } } = midtraining;
  const { teacher, rounds, stopped, benchmarkTrainSets, rankMe } = result;
  return {
    ...{ rounds, stopped, benchmarkTrainSets, rankMe },
    teacher: teacher?.address ?? null,
    influence: JSON.parse(await Deno.readTextFile(join(directory, POOL_INFLUENCE_FILE))),
    // It ended before a first round was trained, where there are none.
    curves: rounds.some(({ trained }) => trained)
      ? JSON.parse(await Deno.readTextFile(join(directory, CURVES_FILE)))
      : [],
    distillation: distillation?.manifest.result ?? null,
  };
}

/** What each stage of fine-tuning changed. */
export function collectFineTuning({ fineTuning }: TrainingInputs): FineTuningChange[] {
  return fineTuning.flatMap(({ manifest: { stage, result } }) =>
    result.probes.map((change) => ({ stage, ...change }))
  );
}
