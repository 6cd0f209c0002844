/**
 * Mid-training and fine-tuning of the sample run: made up, but of the demo's size and shape.
 * @module
 */
import { Random } from "../../lib/core/random.ts";
import type { FineTuningChange, MidtrainingReport } from "../../lib/figures/training_report.ts";

const CAPABILITIES = ["code", "math", "knowledge"];
const KEPT = [[14, 15, 12], [13, 10, 9]];

export const SAMPLE_MIDTRAINING: MidtrainingReport = {
  rounds: KEPT.map((kept) => ({
    documents: 48,
    kept: kept.reduce((sum, count) => sum + count),
    sources: ["stdlib-code", "curriculum-math", "moby-dick"].map((source, i) => ({
      source,
      documents: 16,
      kept: kept[i] ?? 0,
      weight: [0.5, 0.3, 0.2][i] ?? 0,
    })),
    trained: true,
  })),
  stopped: "all 2 stages are trained",
  teacher: null,
  benchmarkTrainSets: { included: false, share: 0, names: [] },
  influence: [1, 2].flatMap((stage) =>
    CAPABILITIES.flatMap((capability) =>
      Array.from({ length: 48 }, (_, i) => ({
        stage,
        capability,
        influence: 1.2 / stage + Random.of(5, capability, stage).normal(i) / stage,
      }))
    )
  ),
  curves: (["original", "sub-sampled"] as const).flatMap((data) =>
    CAPABILITIES.flatMap((probe, p) =>
      [0, 24, 48].map((step) => ({
        ...{ data, teacher: false, probe, step },
        negativeLogLikelihood: 4.2 + 0.3 * p - step * (data === "original" ? 0.002 : 0.004),
      }))
    )
  ),
  rankMe: ["pretrain-2", "midtrain-1", "midtrain-2"].flatMap((stage, i) =>
    CAPABILITIES.map((probe, p) => ({ stage, probe, rankMe: 70.25 + 3 * i - 4 * p, rows: 128, width: 128 }))
  ),
  distillation: {
    seeds: 3,
    tokens: 153_600,
    effects: CAPABILITIES.map((probe, p) => ({
      probe,
      crossEntropy: 5.5 + p / 10,
      distilled: 5.2 + p / 10,
      difference: { mean: -0.3, low: -0.5, high: 0.1 },
    })),
  },
};

export const SAMPLE_FINE_TUNING: readonly FineTuningChange[] = [
  { stage: "sft", probe: "answers", before: 4.512, after: 3.204 },
  { stage: "sft", probe: "prompts", before: 4.801, after: 4.893 },
];
