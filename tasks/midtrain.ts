/**
 * `deno task midtrain`: Mid-training of the pretrained model: score the pool, keep what helps, train on it, and again.
 *
 * Promoted from notebooks/06_midtraining.ipynb by `deno task promote`: change it there.
 * Cells: parameters, open-run, estimate, print.
 * @module
 */
// As promoted, without this line: sha256 fcca74d4afde1a594f6a8882592cfc0ef1aebfa3313e65a31a613348f19d8b9e
import * as aq from "arquero";
import { join } from "node:path";
import { formatTable } from "../lib/catalog/text_table.ts";
import { exists } from "../lib/core/artefacts.ts";
import { runTask } from "../lib/core/command.ts";
import { UsageError } from "../lib/core/errors.ts";
import { compactNumber, formatDuration } from "../lib/core/progress.ts";
import { LEAST_FOR_INTERVAL } from "../lib/core/statistics.ts";
import { parameterCount } from "../lib/model/config.ts";
import { estimateProxies, type ProxyEstimate } from "../lib/pipeline/estimate.ts";
import type { Recipe } from "../lib/pipeline/recipe.ts";
import { openRun, runCommand, type RunOptions } from "../lib/pipeline/run_command.ts";
import type { DistillationResult } from "../lib/pipeline/stages/distillation.ts";
import type { MidtrainingSummary } from "../lib/pipeline/stages/midtraining_summary.ts";
import { modelConfig } from "../lib/pipeline/stages/training.ts";
import { teacherBytes } from "../lib/train/distillation/model_teacher.ts";
import { isServer } from "../lib/train/distillation/teacher_identity.ts";

const command = runCommand(
  "midtrain",
  "Mid-training of the pretrained model: score the pool, keep what helps, train on it, and again",
)
  .option("--distillation", "Instead: what is a teacher worth to a small model, over seeds?", false);

interface Options extends RunOptions {
  readonly distillation: boolean;
}

await runTask<Options>(command, async (options, { signal, print }) => {
  const { distillation } = options;
  // Cell open-run.
  const run = await openRun(options, signal);
  const { seeds } = run.recipe.midtrain.distillation;
  if (distillation && seeds < LEAST_FOR_INTERVAL) {
    throw new UsageError(
      `midtrain.distillation.seeds is ${seeds}, expected at least ${LEAST_FOR_INTERVAL}: fewer have no interval.`,
    );
  }

  // Cell estimate.
  if (options.estimate) {
    const training = await (distillation ? estimateDistillation : estimateTraining)(run.recipe);
    print(
      { ...training, ...await estimateMemory(run.recipe) },
      ({ proxies, tokens, tokensPerSecond, seconds, stateBytes, teacherBytes }) =>
        `${proxies} models, ${tokens} tokens at ${tokensPerSecond.toFixed(0)} a second: ${
          formatDuration(seconds)
        }, without a teacher's and the scores' time; ${
          compactNumber(stateBytes)
        }B for weights, gradient and moments, ${compactNumber(teacherBytes)}B for a teacher on this machine`,
    );
    return;
  }

  // Cell print.
  if (distillation) {
    const { directory, manifest: { result } } = await run.distillation();
    print({ directory, ...result }, () => `${describeDistillation(result)}\n${directory}`);
  } else {
    const { summary: { directory, manifest: { result } }, model } = await run.midtraining();
    print({ directory, model: model.directory, ...result }, () => `${describe(result)}\n${directory}`);
  }
});

// Cell estimate.

/** Students with and without a teacher. */
function estimateDistillation(recipe: Recipe): Promise<ProxyEstimate> {
  const { steps, seeds } = recipe.midtrain.distillation;
  return estimateProxies(recipe, 2 * seeds, steps);
}

/** All rounds' training of the model itself. */
function estimateTraining(recipe: Recipe): Promise<ProxyEstimate> {
  const { model, proxy, midtrain: { steps, sequences, length, compression: { stages, original } } } = recipe;
  return estimateProxies(
    { ...recipe, proxy: { ...proxy, model, sequences, length } },
    original ? 2 * stages : stages,
    steps,
  );
}

/** Of the model itself, and of a teacher that is a model directory; activations come on top. */
async function estimateMemory(recipe: Recipe): Promise<{ stateBytes: number; teacherBytes: number }> {
  const { backend, midtrain: { teacher: { address } } } = recipe;
  const isModel = address !== null && !isServer(address) && await exists(join(address, "config.json"));
  return {
    stateBytes: 4 * 4 * parameterCount(await modelConfig(recipe)),
    teacherBytes: isModel ? await teacherBytes(address, backend) : 0,
  };
}

// Cell print.

function describe({ rounds, stopped, rankMe, teacher, benchmarkTrainSets }: MidtrainingSummary): string {
  const sources = rounds[0]?.sources.map(({ source }) => source) ?? [];
  const columns = rounds.flatMap(({ sources: own }, i): [string, string[]][] => [
    [`kept ${i + 1}`, own.map(({ kept, documents }) => `${kept} of ${documents}`)],
    [`weight % ${i + 1}`, own.map(({ weight }) => (100 * weight).toFixed(2))],
  ]);
  return [
    formatTable(aq.table({ source: sources, ...Object.fromEntries(columns) })),
    ...rounds.map(({ kept, documents, positiveShare, trained }, i) =>
      `round ${i + 1}: ${kept} of ${documents} documents help (${(100 * positiveShare).toFixed(1)}%)${
        trained ? ", trained on them" : ""
      }`
    ),
    `It ended since ${stopped}.`,
    ...rankMe.map(({ stage, probe, rankMe, width }) =>
      `RankMe of ${stage} on ${probe}: ${rankMe.toFixed(1)} of ${width}`
    ),
    `Teacher: ${teacher?.address ?? "none, cross-entropy alone"}. Benchmarks' train sets: ${
      benchmarkTrainSets.included ? benchmarkTrainSets.names.join(", ") : "not included"
    }.`,
  ].join("\n");
}

/** A row a capability: losses in nats per token, and the difference that the teacher makes. */
function describeDistillation({ effects, seeds, tokens }: DistillationResult): string {
  return [
    formatTable(aq.table({
      probe: effects.map(({ probe }) => probe),
      "cross-entropy": effects.map(({ crossEntropy }) => crossEntropy.toFixed(4)),
      distilled: effects.map(({ distilled }) => distilled.toFixed(4)),
      difference: effects.map(({ difference: { mean, low, high } }) =>
        `${mean.toFixed(4)} (${low?.toFixed(4)} … ${high?.toFixed(4)})`
      ),
    })),
    `Nats per token after ${tokens} tokens, means over ${seeds} seeds; differences of pairs with 95% intervals.`,
  ].join("\n");
}
