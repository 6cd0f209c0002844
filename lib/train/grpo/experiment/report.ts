/**
 * What the experiment on word problems found.
 * @module
 */
import type { GrpoMetrics } from "../grpo.ts";
import type { ExperimentSettings } from "./settings.ts";

/** What a model can do. */
export interface Ability {
  /** Share of held-out problems whose likeliest answer is right. */
  readonly accuracy: number;
  /** Tokens of an answer, on average. */
  readonly meanLength: number;
}

/** What a model of a stage can do. */
export interface StageResult extends Ability {
  readonly stage: string;
  /** Since the stage began. */
  readonly seconds: number;
}

/** What a model can do after so many updates of a stage. */
export interface AbilityAt extends Ability {
  readonly step: number;
}

/** The whole result. */
export interface ExperimentReport {
  /** What trains, and what writes. */
  readonly devices: readonly string[];
  readonly settings: ExperimentSettings;
  readonly stages: readonly StageResult[];
  /** Learning curves of the stages on conversations. */
  readonly tuning: Readonly<Record<Tuning, readonly AbilityAt[]>>;
  /** Learning curves of GRPO from their models. */
  readonly grpo: Readonly<Record<Tuning, readonly GrpoMetrics[]>>;
}

/** The stages on conversations, by their names in the settings. */
export type Tuning = "coldStart" | "fineTuning";

/** File of the report, in the experiment's directory; rewritten after every stage. */
export const REPORT_FILE = "report.json";
