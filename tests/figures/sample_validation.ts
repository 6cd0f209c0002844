/** A validation of influence, made up. */
import { DROPPED, type Method, type ValidationReport } from "../../lib/mixture/validation/report.ts";

const METHODS: readonly Method[] = [
  "influence",
  "influence, one proxy",
  "influence, last checkpoint",
  "influence, source means",
  "gradient product",
];
const CAPABILITIES = ["knowledge", "code", "math"];
const SOURCES = ["three", "stdlib-math", "wordnet", "spam-assassin"];

export const SAMPLE_VALIDATION: ValidationReport = {
  backend: "test",
  settings: {
    length: 96,
    sequencesPerBatch: 8,
    checkpoints: 2,
    subsets: 32,
    seeds: 2,
    dropShare: 0.1,
    probesPerPass: 8,
    seed: 1,
  },
  regime: {
    parameters: 1e5,
    candidates: 288,
    candidateTokens: 2e4,
    probeDocuments: 20,
    steps: 180,
    epochs: 5,
    candidateLoss: 3.2,
    probeLoss: 4,
    uniformLoss: 6.9,
  },
  datamodelling: {
    methods: METHODS.map((method, i) => ({
      method,
      mean: 0.3 - 0.05 * i,
      low: 0.25 - 0.05 * i,
      high: 0.35 - 0.05 * i,
      perProbe: Array.from({ length: 20 }, (_, q) => 0.3 - 0.05 * i + 0.03 * (q - 10)),
    })),
    seedToSeed: { mean: 0.4, low: 0.36, high: 0.44 },
    ceiling: 0.76,
    capabilities: CAPABILITIES.map((capability, c) => ({
      capability,
      methods: METHODS.map((method, i) => ({
        method,
        mean: 0.6 - 0.1 * i + 0.05 * c,
        low: 0.3 - 0.1 * i,
        high: 0.8 - 0.1 * i,
      })),
      seedToSeed: 0.7,
      ceiling: 0.9,
    })),
  },
  leaveOneOut: CAPABILITIES.map((capability, c) => ({
    capability,
    sources: SOURCES.map((source, g) => ({
      source,
      densities: METHODS.map((method) => ({ method, density: (g === c ? 1.4 : 0.1) - 0.1 * g })),
      impacts: [(g === c ? 0.5 : 0.02) - 0.01 * g, (g === c ? 0.45 : 0) - 0.01 * g],
    })),
    methods: METHODS.map((method) => ({ method, spearman: 0.8 })),
    seedToSeed: 0.9,
  })),
  dropped: DROPPED.flatMap((which, w) =>
    [1, 2].flatMap((seed) =>
      CAPABILITIES.map((probe, c) => ({
        which,
        seed,
        probe,
        negativeLogLikelihood: 4 + 0.01 * seed + (w === 0 ? 0 : 0.1 - 0.04 * w + 0.01 * c),
      }))
    )
  ),
  seconds: 1,
};
