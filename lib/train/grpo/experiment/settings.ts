/**
 * What the experiment on word problems is told.
 * @module
 */
import type { UpdateSettings } from "../../../backends/backend.ts";
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
  readonly grpo: Omit<GrpoSettings, "seed" | "optimizer">;
  readonly maxNewTokens: number;
  /** Held-out problems that are asked. */
  readonly questions: number;
}
