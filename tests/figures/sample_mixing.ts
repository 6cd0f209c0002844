/**
 * The way to a mixture as the demo goes it: made up, but of its size and shape.
 * @module
 */
import { SAMPLE_VALIDATION } from "./sample_validation.ts";
import { Random } from "../../lib/core/random.ts";
import { FUNNEL_STEPS, type FunnelRow } from "../../lib/curation/funnel.ts";
import type {
  ComparisonLoss,
  InfluenceScore,
  LeaveOneOutImpact,
  MixingReport,
  SourceWeights,
} from "../../lib/figures/mixing_report.ts";

/** Name, domain, documents, tokens a document, worth for code, math, knowledge. */
const SOURCES = [
  ["three-examples", "code", 1_412, 2_760, [0.4, 0.02, -0.02]],
  ["stdlib-code", "code", 683, 600, [0.21, 0.06, -0.01]],
  ["curriculum-code", "code", 2_210, 545, [0.17, 0.05, 0.03]],
  ["stdlib-math-readme", "math", 683, 1_610, [0.07, 0.52, 0.01]],
  ["curriculum-math", "math", 498, 330, [0.04, 0.11, 0.02]],
  ["wordnet-glosses", "knowledge", 3_752, 24, [-0.03, -0.01, 0.44]],
  ["state-of-the-union", "knowledge", 233, 9_900, [-0.02, 0, 0.31]],
  ["moby-dick", "knowledge", 138, 2_080, [-0.01, 0.01, 0.12]],
  ["spam-assassin", "mail", 6_046, 796, [-0.05, -0.04, -0.03]],
] as const;
const CAPABILITIES = ["code", "math", "knowledge"] as const;
const CANDIDATES = 120;

/** Documents that each step leaves, of one. */
const LEFT = [1, 0.85, 0.4, 0.12, 0.06, 0.059, 0.058, 0.05, 0.045, 0.03];

function funnel(): FunnelRow[] {
  return SOURCES.flatMap(([source, domain, documents, length]) =>
    FUNNEL_STEPS.map((step, i): FunnelRow => {
      const left = Math.ceil(documents * (LEFT[i] ?? 0.03) * (domain === "mail" && i > 0 ? 0.1 : 1));
      const note = domain === "mail" && step === "education"
        ? "none above 4: kept the best 10%, 605 with 1.42 or more"
        : null;
      return { source, step, documents: left, tokens: left * length, seconds: i === 0 ? 0 : 0.2, note };
    })
  );
}

/** @param seeds With three there are intervals. */
export function leaveOneOut(seeds: number): LeaveOneOutImpact[] {
  return SOURCES.flatMap(([left, , , , worth]) =>
    CAPABILITIES.flatMap((probe, capability) =>
      [0, 1, 2, 3].map((point): LeaveOneOutImpact => {
        const noise = Random.of(3, left, probe).normal(point) * 0.012;
        const mean = (worth[capability] ?? 0) * (1 - Math.exp(-1.2 * point)) + noise;
        const half = 0.03 + 0.01 * point;
        const [low, high] = seeds < 3 ? [null, null] : [mean - half, mean + half];
        return { left, probe, step: point * 80, mean, low, high, seeds };
      })
    )
  );
}

function influence(): InfluenceScore[] {
  return SOURCES.flatMap(([source, domain, , , worth]) =>
    CAPABILITIES.flatMap((capability, c) =>
      [1, 2, 3, "joint" as const].flatMap((checkpoint) => {
        const noise = Random.of(5, source, capability, checkpoint);
        return Array.from({ length: CANDIDATES }, (_, i): InfluenceScore => ({
          source,
          capability,
          checkpoint,
          kind: domain === capability ? "self" : "cross",
          influence: 0.004 * (worth[c] ?? 0) * (1 + 0.8 * noise.normal(i)) + 0.0003 * noise.normal(1000 + i),
        }));
      })
    )
  );
}

function weights(): SourceWeights[] {
  const tokens = SOURCES.map(([, , documents, length]) => documents * length);
  const worth = SOURCES.map(([, , , , values]) => values.reduce((sum: number, value) => sum + value, 0));
  const shares = (values: readonly number[]) => {
    const clipped = values.map((value) => Math.max(0, value));
    const sum = clipped.reduce((a, b) => a + b);
    return clipped.map((value) => value / sum);
  };
  const byTokens = shares(tokens),
    byWorth = shares(worth),
    byRoot = shares(worth.map((w) => w > 0 ? Math.sqrt(w) : 0));
  return SOURCES.map(([source], i) => ({
    source,
    influence: byRoot[i] ?? 0,
    uniform: 1 / SOURCES.length,
    tokens: byTokens[i] ?? 0,
    leaveOneOut: byWorth[i] ?? 0,
  }));
}

/** @param seeds How many there are of each mixture. */
export function comparison(seeds: number): ComparisonLoss[] {
  const ends = { influence: [4.2, 3.9, 5.3], uniform: [4.5, 4.25, 5.42] };
  return Object.entries(ends).flatMap(([mixture, values]) =>
    CAPABILITIES.flatMap((probe, c) =>
      [0, 1, 2, 3, 4].flatMap((point) =>
        Array.from({ length: seeds }, (_, seed): ComparisonLoss => {
          const end = values[c] ?? 4;
          const noise = point === 0 ? 0 : 0.03 * Random.of(9, mixture, probe, seed).normal(point);
          const negativeLogLikelihood = end + (8.3 - end) * Math.exp(-1.1 * point) + noise;
          return { mixture, probe, step: point * 160, negativeLogLikelihood, seed };
        })
      )
    )
  );
}

/** A whole one: leave-one-out of three seeds, the rest of one. */
export const SAMPLE_MIXING: MixingReport = {
  funnel: funnel(),
  leaveOneOut: leaveOneOut(3),
  influence: influence(),
  weights: weights(),
  validation: SAMPLE_VALIDATION,
  comparison: comparison(1),
};
