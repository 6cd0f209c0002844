/**
 * What the experiment on word problems is told.
 * @module
 */
import type { UpdateSettings } from "../../../backends/backend.ts";
import { UsageError } from "../../../core/errors.ts";
import type { ModelConfig } from "../../../model/config.ts";
import type { Schedule } from "../../schedule.ts";
import type { GrpoSettings } from "../grpo.ts";

/** A stage on documents. */
export interface ReadingSettings {
  readonly schedule: Schedule;
  readonly sequencesPerBatch: number;
  /** Share of the tokens by source. */
  readonly mixture: Readonly<Record<string, number>>;
}

/** A stage on conversations. */
export interface TuningSettings {
  /** Its steps are cut to those that the problems fill. */
  readonly schedule: Schedule;
  readonly sequencesPerBatch: number;
  /** Of the training problems, from the first. */
  readonly problems: number;
  readonly epochs: number;
  /** The held-out problems are asked after so many updates, and after the last. */
  readonly evaluateAt: readonly number[];
}

/** Reinforcement learning from models of the two stages on conversations. */
export interface ReinforcementSettings extends Omit<GrpoSettings, "seed" | "optimizer"> {
  /** The update of each stage after which its model is taken; one of `evaluateAt`. */
  readonly from: { readonly coldStart: number; readonly fineTuning: number };
}

/** Everything that the experiment is told. */
export interface ExperimentSettings {
  readonly seed: number;
  readonly config: ModelConfig;
  readonly optimizer: Omit<UpdateSettings, "learningRate">;
  /** Tokens of a sequence. */
  readonly length: number;
  readonly pretraining: ReadingSettings;
  readonly midtraining: ReadingSettings;
  readonly fineTuning: TuningSettings;
  /** Of the base, before GRPO. */
  readonly coldStart: TuningSettings;
  /** null: only the stages, to see from where reinforcement has room. */
  readonly grpo: ReinforcementSettings | null;
  readonly maxNewTokens: number;
  /** Texts that are written side by side. */
  readonly slots: number;
  /** Held-out problems that are asked. */
  readonly questions: number;
}

/** @throws {UsageError} where GRPO is to go on from a model that no stage gives. */
export function checkExperiment(settings: ExperimentSettings): void {
  for (const stage of ["coldStart", "fineTuning"] as const) {
    const { evaluateAt, schedule: { totalSteps } } = settings[stage];
    const from = settings.grpo?.from[stage];
    if (from === undefined || evaluateAt.includes(from) && from <= totalSteps) continue;
    throw new UsageError(
      `grpo.from.${stage} is ${from}, expected one of ${stage}.evaluateAt up to its ${totalSteps} updates.`,
    );
  }
}
