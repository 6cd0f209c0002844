/**
 * Times influence on the CPU beside training on the same candidates.
 *
 *     deno run -A kernels/bench/influence.ts [--json]
 *
 * Per candidate batch, for one probe and for three that share the passes: products and norms, sums, products again; the pass
 * over a probe's own text, which costs as much as the sums, is apart. A training step is gradient, its norm and AdamW. The
 * model is the CPU benchmark's with two layers; figures are medians over rounds in which training and influence take turns.
 * @module
 */
import { NO_SETTINGS } from "../wasm/plan/context.ts";
import type { InfluenceRun } from "../wasm/plan.ts";
import { TransformerRuntime } from "../wasm/runtime.ts";
import type { BatchShape, TransformerShape } from "../wasm/shape.ts";
import { influenceLine, type InfluenceRow } from "./influence_table.ts";
import { median } from "./median.ts";
import { numbers, words } from "./random.ts";

const SHAPE: TransformerShape = {
  vocabularySize: 4096,
  width: 128,
  layers: 2,
  heads: 2,
  keyValueHeads: 2,
  headSize: 64,
  feedForwardWidth: 352,
  ropeTheta: 1e4,
  ropeScaling: null,
  normEpsilon: 1e-5,
  queryKeyNorm: "after rope",
  tiedEmbeddings: true,
};
const BATCH: BatchShape = {
  sequences: 8,
  length: 128,
  training: true,
  teacher: "none",
  teacherWidth: 0,
  wholeLogits: true,
};
const ROWS = BATCH.sequences * BATCH.length;
const ROUNDS = 5;
/** Batches of candidates. */
const COUNTS = [1, 4, 16];
const PROBES = [1, 3];
const PASSES: readonly InfluenceRun["program"][] = [
  "influence products and norms",
  "influence sums",
  "influence products",
];

/** Room and numbers for a batch, and for as many vectors as are used at most. */
async function start(): Promise<TransformerRuntime> {
  const runtime = await TransformerRuntime.start(SHAPE, { workers: navigator.hardwareConcurrency }, "auto");
  const { count } = runtime.model.places;
  runtime.parameters(runtime.model.weights).set(numbers(count, 1).map((x) => 0.05 * x));
  const { memory, influence } = runtime.placeInfluence(BATCH, {
    tensors: "all",
    vectors: Math.max(...PROBES),
  });
  const next = words(2);
  for (const ids of [memory.tokens, memory.targets]) {
    runtime.words(ids, ROWS).forEach((_, i, all) => all[i] = next() % SHAPE.vocabularySize);
  }
  runtime.floats(memory.lossWeights, ROWS).fill(1 / BATCH.length);
  influence.vectors.forEach(({ values, rowWeights }, i) => {
    runtime.parameters(values).set(numbers(count, 3 + i));
    for (const weights of rowWeights) runtime.floats(weights, ROWS).fill(1);
  });
  await runtime.run({ program: "pack" });
  return runtime;
}

async function train(runtime: TransformerRuntime) {
  const settings = { ...NO_SETTINGS, lossScale: 1 / BATCH.sequences };
  await runtime.run({ program: "gradient", batch: BATCH, settings });
  await runtime.run({ program: "squares" });
  await runtime.run({
    program: "update",
    update: {
      runs: [{ from: 0, count: runtime.model.places.count, keep: 1 }],
      clip: 1,
      beta1: 0.9,
      beta2: 0.95,
      epsilon: 1e-8,
      stepSize: 1e-5,
      correction: 1,
    },
  });
}

/** Milliseconds of so many runs. */
async function timed(count: number, run: () => Promise<void>): Promise<number> {
  const from = performance.now();
  for (let i = 0; i < count; i++) await run();
  return performance.now() - from;
}

if (import.meta.main) {
  using runtime = await start();
  const rows: InfluenceRow[] = [];
  for (const count of COUNTS) {
    const training: number[] = [];
    const influence = PROBES.map((): number[] => []);
    for (let round = 0; round < ROUNDS; round++) {
      training.push(await timed(count, () => train(runtime)));
      for (const [i, vectors] of PROBES.entries()) {
        let total = 0;
        for (const program of PASSES) {
          total += await timed(
            count,
            () => runtime.run({ program, batch: BATCH, influence: { tensors: "all", vectors } }),
          );
        }
        influence[i]?.push(total);
      }
    }
    rows.push({
      candidates: count * BATCH.sequences,
      training: median(training),
      influence: Object.fromEntries(PROBES.map((probes, i) => [probes, median(influence[i] ?? [])])),
    });
  }
  if (Deno.args.includes("--json")) console.log(JSON.stringify({ cores: runtime.crew.workers, rows }));
  else {
    console.log(`${runtime.crew.workers} workers, sequences of ${BATCH.length} tokens, milliseconds`);
    rows.map(influenceLine).forEach((line) => console.log(line));
  }
}
