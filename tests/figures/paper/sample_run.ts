/**
 * Runs that have everything, and nothing, of what the paper's figures show.
 * @module
 */
import type { TaskScores } from "../../../lib/eval/results.ts";
import type { ModelScores, PaperRun, Part } from "../../../lib/figures/paper/paper_run.ts";
import { comparison, leaveOneOut } from "../sample_mixing.ts";
import { SAMPLE } from "../sample_report.ts";
import { SAMPLE_MIDTRAINING } from "../sample_training.ts";

const missing = (command: string) => ({ command: `deno task ${command} --run sample`, made: null });

/** Has nothing yet. */
export const EMPTY_RUN: PaperRun = {
  name: "sample",
  leaveOneOut: missing("loo"),
  comparison: missing("demo"),
  poolInfluence: missing("midtrain"),
  midtraining: missing("midtrain"),
  reward: missing("grpo"),
  course: missing("demo"),
  baseScores: missing("eval"),
  finalScores: missing("eval"),
  ablations: missing("sft"),
  sameFineTuning: missing("sft"),
  onDevice: missing("bench"),
  learningRate: missing("midtrain"),
};

function made<Value>({ command }: Part<Value>, value: Value): Part<Value> {
  return { command, made: { value, date: "2026-11-24", machine: "a machine" } };
}

function taskScores(
  values: Readonly<Record<string, readonly [metric: string, value: number]>>,
): TaskScores[] {
  return Object.entries(values).map(([task, [metric, value]]) => ({
    task,
    questions: 10,
    scores: [{ metric, value, standardError: null, low: null, high: null }],
  }));
}

function scores(values: Parameters<typeof taskScores>[0]): ModelScores {
  return { parameters: 900_000, tokens: 400_000, scores: taskScores(values) };
}

/** Has everything. */
export const FULL_RUN: PaperRun = {
  name: "sample",
  leaveOneOut: made(EMPTY_RUN.leaveOneOut, {
    impacts: leaveOneOut(3),
    domains: new Map([["stdlib-code", "code"], ["moby-dick", "knowledge"]]),
  }),
  comparison: made(EMPTY_RUN.comparison, comparison(1)),
  poolInfluence: made(EMPTY_RUN.poolInfluence, SAMPLE_MIDTRAINING.influence),
  midtraining: made(EMPTY_RUN.midtraining, SAMPLE_MIDTRAINING.curves),
  reward: made(EMPTY_RUN.reward, [
    {
      start: "base",
      points: [0, 50, 100].map((step) => ({ step, accuracy: step / 4, meanLength: 80 + step })),
    },
    { start: "sft", points: [0, 100].map((step) => ({ step, accuracy: 61.25, meanLength: 70 })) },
  ]),
  course: made(EMPTY_RUN.course, {
    stages: SAMPLE.stages,
    measurements: SAMPLE.metrics.filter((entry) => entry.kind === "probe"),
  }),
  baseScores: made(
    EMPTY_RUN.baseScores,
    scores({ gsm8k: ["exact_match", 0.123], humaneval: ["pass@1", 0.045], boolq: ["acc_norm", 0.5] }),
  ),
  finalScores: made(EMPTY_RUN.finalScores, scores({ minerva_math500: ["exact_match", 0.0678] })),
  ablations: made(EMPTY_RUN.ablations, [
    { general: "Tulu-3", reasoning: "M", scores: taskScores({ gsm8k: ["exact_match", 0.25] }) },
    { general: "(none)", reasoning: "M+C+S", scores: taskScores({ mmlu: ["acc", 0.26] }) },
  ]),
  sameFineTuning: made(EMPTY_RUN.sameFineTuning, [
    { model: "sample", parameters: 900_000, scores: taskScores({ gsm8k: ["exact_match", 0.015] }) },
  ]),
  onDevice: made(EMPTY_RUN.onDevice, [
    {
      device: "H100",
      model: "140M",
      rates: [{ context: 1024, tokensPerSecond: 20.5 }, { context: 32768, tokensPerSecond: null }],
    },
  ]),
  learningRate: made(EMPTY_RUN.learningRate, {
    peak: 0.005,
    rankMe: 56.5675,
    positions: 128,
    width: 128,
    scores: taskScores({ mmlu: ["acc", 0.251] }),
  }),
};
