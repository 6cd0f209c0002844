/**
 * A run as the demo makes one: made up, but of its size and shape.
 * @module
 */
import { Random } from "../../lib/core/random.ts";
import { type Mixture, parseMixture } from "../../lib/core/mixture.ts";
import type { PublishedDataset, PublishedMixture, RunReport } from "../../lib/figures/run_report.ts";
import type { Metrics } from "../../lib/train/metrics.ts";
import { SAMPLE_MIXING } from "./sample_mixing.ts";
import { SAMPLE_FINE_TUNING, SAMPLE_MIDTRAINING } from "./sample_training.ts";

const SOURCES = [
  ["three-examples", "code", "MIT", 1_412, 3_904_112],
  ["stdlib-code", "code", "Apache-2.0", 683, 412_090],
  ["curriculum-code", "code", "BSD-3-Clause", 2_210, 1_204_518],
  ["stdlib-math-readme", "math", "Apache-2.0", 683, 1_101_207],
  ["curriculum-math", "math", "BSD-3-Clause", 498, 164_330],
  ["wordnet-glosses", "knowledge", "WordNet-3.0", 117_659, 2_807_551],
  ["state-of-the-union", "knowledge", "PDDL-1.0", 233, 2_306_116],
  ["moby-dick", "knowledge", "Public domain", 138, 287_403],
  ["spam-assassin", "mail", "Public domain", 6_046, 4_811_932],
] as const;

function mixture(name: string, weights: readonly number[]): Mixture {
  return parseMixture({
    name,
    method: "hand-set",
    sources: SOURCES.map(([source], i) => ({ name: source, weight: weights[i] ?? 0 })),
    tokenizer: "llama3-4096",
    proxy: null,
    tokenBudget: 800_000,
    caps: { maxEpochs: 4 },
    createdFrom: "recipe",
  }, name);
}

const FIRST = mixture("broad", [22, 4, 10, 8, 2, 22, 20, 2, 10]);
const SECOND = mixture("focused", [20, 8, 18, 24, 8, 12, 8, 2, 0]);

interface Course {
  readonly stage: string;
  readonly steps: number;
  readonly loss: readonly [number, number];
  readonly peak: number;
}

const COURSES: readonly Course[] = [
  { stage: "pretrain-1", steps: 620, loss: [8.31, 4.42], peak: 4e-3 },
  { stage: "pretrain-2", steps: 240, loss: [4.38, 3.71], peak: 1.5e-3 },
  { stage: "sft", steps: 90, loss: [3.92, 2.96], peak: 6e-4 },
];
const TOKENS_PER_STEP = 1024;
const PROBES = { code: [4096, 71.3, 1.02], math: [4096, 58.2, 0.9], knowledge: [4096, 203.8, 1.1] } as const;

function courseMetrics(): Metrics[] {
  let done = 0;
  const total = COURSES.reduce((sum, { steps }) => sum + steps, 0);
  return COURSES.flatMap(({ stage, steps, loss: [first, last], peak }) => {
    const noise = Random.of(7, stage);
    return Array.from({ length: steps }, (_, i): Metrics[] => {
      const step = i + 1, tokens = step * TOKENS_PER_STEP, progress = i / steps;
      const warmUp = Math.min(1, step / (0.05 * steps));
      const metrics: Metrics[] = [{
        kind: "step",
        stage,
        step,
        tokens,
        loss: last + (first - last) * Math.exp(-6 * progress) + 0.09 * noise.normal(i),
        learningRate: peak * warmUp * (1 - 0.9 * progress),
        gradientNorm: 0.8 + 0.2 * noise.uniform(i),
        tokensPerSecond: 8300 * (1 + 0.03 * noise.normal(1000 + i)) - (i < 3 ? 2500 : 0),
      }];
      if (step % 30 === 0 || step === 1 || step === steps) {
        const overall = (done + step) / total;
        for (const [probe, [start, end, speed]] of Object.entries(PROBES)) {
          const perplexity = end * (start / end) ** Math.exp(-7 * speed * overall);
          const negativeLogLikelihood = Math.log(perplexity);
          metrics.push({ kind: "probe", stage, step, tokens, probe, negativeLogLikelihood, perplexity });
        }
      }
      if (step === steps) done += steps;
      return metrics;
    }).flat();
  });
}

/** MobileLLM-R1's two pretraining phases. */
export const PUBLISHED: PublishedMixture = {
  source: "MobileLLM-R1, Table 3 (arXiv 2509.24945v1)",
  phaseTokens: 2e12,
  datasets: ([
    ["StarCoder", "code", 206_640_114, 263.8, 10.66, 0.52],
    ["OpenWebMath", "math", 6_117_786, 12.6, 6.93, 23.33],
    ["FineWeb-Edu", "knowledge", 1_279_107_432, 1300, 63.75, 54.83],
    ["Wiki", "knowledge", 7_222_303, 3.7, 5.03, 0.14],
    ["Arxiv", "knowledge", 1_533_917, 28, 6.36, 1.32],
    ["StackExchange", "code", 29_249_120, 19.6, 5.03, 0.86],
    ["Algebraic stack", "math", 3_404_331, 12.6, 2.25, 1.26],
    ["Nemotron science", "knowledge", 708_920, 2, null, 0.03],
    ["Nemotron code", "code", 10_108_883, 16, null, 0.72],
    ["Nemotron math", "math", 22_066_397, 15, null, 3.01],
    ["Cosmopedia", "several", 31_064_744, 25, null, 2.7],
    ["Facebook natural reasoning", "several", 1_145_824, 1.8, null, 3.18],
    ["FineMath", "math", 48_283_984, 34, null, 8.01],
    ["peS2o", "several", 38_800_000, 50, null, 0.08],
  ] as const).map(([dataset, domain, rows, billions, phase1, phase2]): PublishedDataset => ({
    dataset,
    domain,
    rows,
    tokens: billions * 1e9,
    phase1,
    phase2,
  })),
};

const hash = (name: string) =>
  Array.from({ length: 8 }, (_, i) => Random.of(1, name).uint32(i).toString(16).padStart(8, "0")).join("");

/** A whole run. */
export const SAMPLE: RunReport = {
  run: "demo",
  createdAt: "2026-11-24T08:12:40.000Z",
  machine: "2 cores · wasm, relaxed SIMD, 2 workers · 23 GB",
  seconds: 262.4,
  peakMemoryMB: 1418,
  sources: SOURCES.map(([name, domain, licence, documents, tokens]) => ({
    name,
    domain,
    licence,
    documents,
    tokens,
  })),
  mixtures: [{ stage: "pretrain-1", mixture: FIRST }, { stage: "pretrain-2", mixture: SECOND }],
  sampling: ([["pretrain-1", FIRST, 634_880], ["pretrain-2", SECOND, 245_760]] as const)
    .flatMap(([stage, { sources }, budget]) =>
      sources.filter(({ weight }) => weight > 0).map(({ name, weight }) => {
        const available = SOURCES.find(([source]) => source === name)?.[4] ?? 1;
        const sequences = Math.round(weight * budget / 256), tokens = sequences * 256;
        return { stage, source: name, sequences, tokens, epochs: 12 * tokens / available };
      })
    ),
  stages: [
    {
      name: "corpus",
      title: "Corpus",
      tokens: 17_000_259,
      lossFirst: null,
      lossLast: null,
      seconds: 31.2,
      skipped: true,
    },
    {
      name: "shards",
      title: "Token shards",
      tokens: 17_000_259,
      lossFirst: null,
      lossLast: null,
      seconds: 24.8,
      skipped: true,
    },
    {
      name: "pretrain-1",
      title: "Pretraining, phase 1",
      tokens: 634_880,
      lossFirst: 8.31,
      lossLast: 4.42,
      seconds: 81.7,
      skipped: false,
    },
    {
      name: "pretrain-2",
      title: "Pretraining, phase 2",
      tokens: 245_760,
      lossFirst: 4.38,
      lossLast: 3.71,
      seconds: 33.1,
      skipped: false,
    },
    {
      name: "sft",
      title: "Fine-tuning on solutions",
      tokens: 92_160,
      lossFirst: 3.92,
      lossLast: 2.96,
      seconds: 12.6,
      skipped: false,
    },
    {
      name: "evaluate",
      title: "Evaluation",
      tokens: 60_000,
      lossFirst: null,
      lossLast: null,
      seconds: 6.4,
      skipped: false,
    },
    {
      name: "generate",
      title: "Samples",
      tokens: 360,
      lossFirst: null,
      lossLast: null,
      seconds: 0.9,
      skipped: false,
    },
  ],
  metrics: courseMetrics(),
  probes: [
    { name: "code", perplexity: 72.4, unigram: 412.7 },
    { name: "math", perplexity: 60.1, unigram: 388.2 },
    { name: "knowledge", perplexity: 205.6, unigram: 934.5 },
  ],
  cloze: [
    { source: null, questions: 48, choices: 4, value: 0.6875, standardError: 0.0676 },
    { source: "stdlib-math-readme", questions: 16, choices: 4, value: 0.8125, standardError: 0.1008 },
  ],
  samples: [
    {
      stage: "pretrain-1",
      prompt: "The State of the Union is",
      text:
        " not a country of the United States, and the people of the world have been\nmade to the Government. We shall not be able to pay the",
    },
    {
      stage: "sft",
      prompt: "Write a function that adds two numbers.",
      text: "function add(a, b) {\n  return a + b;\n}\n<script>alert('never')</script> & more",
    },
    {
      stage: "sft",
      prompt: "Was ist 数学? 🙂",
      text: "math is a number which is the number of the number … 数学",
    },
  ],
  manifests: ["shards", "pretrain-1", "pretrain-2", "sft"].map((stage) => ({
    stage,
    fingerprint: hash(stage),
    outputs: ["model.safetensors", "metrics.jsonl"].map((file, i) => ({
      path: `stages/${stage}/${file}`,
      sha256: hash(stage + file),
      bytes: i === 0 ? 5_320_448 : 91_204,
    })),
  })),
  recipe: {
    seed: 42,
    model: { vocabularySize: 4096, width: 128, layers: 4, heads: 2, keyValueHeads: 1 },
    stages: { "pretrain-1": { tokens: 634_880, peakLearningRate: 0.004 } },
  },
  published: PUBLISHED,
  mixing: SAMPLE_MIXING,
  midtraining: SAMPLE_MIDTRAINING,
  fineTuning: SAMPLE_FINE_TUNING,
};
