/**
 * Everything that a report says about one run, as one plain object.
 * @module
 */
import type { Mixture } from "../core/mixture.ts";
import type { Metrics } from "../train/metrics.ts";
import type { MixingReport } from "./mixing_report.ts";
import type { FineTuningChange, MidtrainingReport } from "./training_report.ts";

/** A source of the corpus. */
export interface ReportSource {
  readonly name: string;
  /** "code", "math", "knowledge", "mail", or a researcher's own. */
  readonly domain: string;
  /** SPDX identifier, or the licence's name. */
  readonly licence: string;
  readonly documents: number;
  readonly tokens: number;
}

/** A mixture that a stage trained on. */
export interface ReportMixture {
  readonly stage: string;
  readonly mixture: Mixture;
}

/** What a stage drew from one source. */
export interface SourceSampling {
  readonly stage: string;
  readonly source: string;
  readonly sequences: number;
  readonly tokens: number;
  /** Times that the stage went through the source: tokens drawn / tokens there. */
  readonly epochs: number;
}

/** A stage of the pipeline; one that trains nothing has no losses. */
export interface ReportStage {
  /** As in `Metrics.stage`. */
  readonly name: string;
  /** For people: "Pretraining, phase 1". */
  readonly title: string;
  /** Tokens that went through it; null where it counts none. */
  readonly tokens: number | null;
  /** Mean loss in nats per token at its beginning. */
  readonly lossFirst: number | null;
  readonly lossLast: number | null;
  /** Time it took when it ran. */
  readonly seconds: number;
  /** Found done, and not run again. */
  readonly skipped: boolean;
}

/** How a capability came out at the end. */
export interface ReportProbe {
  /** As in `ProbeMetrics.probe`. */
  readonly name: string;
  readonly perplexity: number;
  /** Perplexity of the unigram model on the same text. */
  readonly unigram: number;
}

/** How often the model told a text's own order of words from others. */
export interface ReportCloze {
  /** null: all of them. */
  readonly source: string | null;
  readonly questions: number;
  readonly choices: number;
  /** Share of right answers, and its standard error; chance is 1 / choices. */
  readonly value: number;
  /** null below two questions. */
  readonly standardError: number | null;
}

/** What the model wrote after a prompt. */
export interface ReportSample {
  readonly stage: string;
  readonly prompt: string;
  /** The continuation alone. */
  readonly text: string;
}

/** What a stage left behind. */
export interface ReportManifest {
  readonly stage: string;
  /** Hash of everything that the stage depended on. */
  readonly fingerprint: string;
  readonly outputs: readonly { readonly path: string; readonly sha256: string; readonly bytes: number }[];
}

/** A dataset of a published two-phase pretraining mixture. */
export interface PublishedDataset {
  readonly dataset: string;
  /** "code", "math", "knowledge"; "several" where it serves more than one. */
  readonly domain: string;
  /** Rows of the dataset. */
  readonly rows: number;
  /** Tokens of the dataset. */
  readonly tokens: number;
  /** Percent of the phase's tokens, as printed; null: not used. */
  readonly phase1: number | null;
  readonly phase2: number | null;
}

/** A published mixture beside which a run's own stand, with the place it was published. */
export interface PublishedMixture {
  /** "MobileLLM-R1, Table 3 (arXiv 2509.24945v1)". */
  readonly source: string;
  /** Training tokens of each phase. */
  readonly phaseTokens: number;
  readonly datasets: readonly PublishedDataset[];
}

/** One run, ready to be told. */
export interface RunReport {
  readonly run: string;
  /** ISO 8601. */
  readonly createdAt: string;
  /** "2 cores, wasm (relaxed SIMD, 2 workers), 23 GB". */
  readonly machine: string;
  /** Wall-clock time of the run. */
  readonly seconds: number;
  /** All processes together. */
  readonly peakMemoryMB: number;
  readonly sources: readonly ReportSource[];
  readonly mixtures: readonly ReportMixture[];
  readonly sampling: readonly SourceSampling[];
  readonly stages: readonly ReportStage[];
  readonly metrics: readonly Metrics[];
  readonly probes: readonly ReportProbe[];
  /** Empty: not asked. */
  readonly cloze: readonly ReportCloze[];
  readonly samples: readonly ReportSample[];
  readonly manifests: readonly ReportManifest[];
  /** The settings as JSON. */
  readonly recipe: unknown;
  /** Shown beside the run's own mixtures, and marked as published. */
  readonly published: PublishedMixture | null;
  /** How the run chose its mixture; null: it was given one. */
  readonly mixing: MixingReport | null;
  /** null: the run has no mid-training. */
  readonly midtraining: MidtrainingReport | null;
  /** Of every stage of fine-tuning and each held-out set; empty: there was none. */
  readonly fineTuning: readonly FineTuningChange[];
}
