/**
 * What the experiment on word problems is done on.
 * @module
 */
import type { TrainBackend } from "../../../backends/backend.ts";
import type { DecodeBackend } from "../../../backends/decode.ts";
import type { Shards } from "../../../shards/reader.ts";
import type { ProblemSet } from "./problem_file.ts";
import type { StageResult } from "./report.ts";
import type { ExperimentSettings } from "./settings.ts";

/** What the experiment is done on. */
export interface ExperimentOptions {
  readonly settings: ExperimentSettings;
  /** Of the settings' config. */
  readonly backend: TrainBackend;
  /** Of the settings' config, with room for prompt and answer. */
  readonly policy: DecodeBackend;
  readonly sources: readonly Shards[];
  readonly training: ProblemSet;
  readonly heldOut: ProblemSet;
  readonly directory: string;
  readonly signal: AbortSignal;
  /** Hears of every result as it comes. */
  readonly onResult: (result: StageResult) => void;
}
