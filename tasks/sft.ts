/**
 * `deno task sft`: Supervised fine-tuning on conversations, of the mid-trained model or of others.
 *
 * Promoted from notebooks/07_posttraining.ipynb by `deno task promote`: change it there.
 * Cells: parameters, open-run, estimate, fine-tune, tuned, print.
 * @module
 */
// As promoted, without this line: sha256 74aff310dc04eb1188ee41f9c18d950b26ec702960cee8535d41b1adbffee846
import { Option } from "commander";
import { runTask } from "../lib/core/command.ts";
import { UsageError } from "../lib/core/errors.ts";
import { ablationSettings } from "../lib/pipeline/ablations.ts";
import { estimateTraining, type TrainingSize } from "../lib/pipeline/estimate.ts";
import type { Recipe } from "../lib/pipeline/recipe.ts";
import type { Run } from "../lib/pipeline/run.ts";
import { openRun, runCommand, type RunOptions } from "../lib/pipeline/run_command.ts";
import type { FinishedStage } from "../lib/pipeline/stage.ts";
import { fineTuningSteps } from "../lib/pipeline/stages/sft.ts";
import type { TrainingResult } from "../lib/pipeline/stages/training.ts";
import { describeEstimate, describeTraining, summariseTraining } from "../lib/pipeline/training_summary.ts";

const command = runCommand(
  "sft",
  "Supervised fine-tuning on conversations, of the mid-trained model or of others",
)
  .addOption(
    new Option("--ablation <value>", "Data and stages of one of the paper's ablations (Tables 8 and 9).")
      .default(null, "none"),
  )
  .option(
    "--model <values...>",
    "Instead: model directories of transformers, each with its own tokenizer and chat template (Table 9).",
    [],
  );

interface Options extends RunOptions {
  readonly ablation: string | null;
  readonly model: string[];
}

await runTask<Options>(command, async (options, { signal, print }) => {
  const { ablation, model } = options;
  // Cell open-run.
  if (options.estimate && model.length > 0) {
    throw new UsageError("--estimate is for the recipe's own model, not for --model.");
  }
  const set = ablation === null ? [] : await ablationSettings(ablation);
  const run = await openRun({ ...options, set: [...set, ...options.set] }, signal);

  // Cell estimate.
  if (options.estimate) {
    print(await estimateTraining(run.recipe, await sizesOf(run.recipe, signal)), describeEstimate);
    return;
  }

  // Cell tuned.
  const tuned = await fineTune(run, model);
  const stages = tuned.flat();

  // Cell print.
  const models = tuned.flatMap((stages) => stages.at(-1)?.directory ?? []);
  print(
    { model: models.at(-1), models, stages: summariseTraining(stages) },
    (result) => [...describeTraining(result.stages), ...models].join("\n"),
  );
});

// Cell estimate.

/** Updates follow from the data. */
async function sizesOf(recipe: Recipe, signal: AbortSignal): Promise<TrainingSize[]> {
  const sizes: TrainingSize[] = [];
  for (const kind of ["sft", "reasoning"] as const) {
    const settings = recipe[kind];
    if (settings === null) continue;
    const { sequences, sequencesAtOnce, length } = settings;
    sizes.push({
      steps: await fineTuningSteps(kind, recipe, settings, signal),
      sequences,
      sequencesAtOnce,
      length,
    });
  }
  return sizes;
}

// Cell fine-tune.

/** A model's stages of fine-tuning: general and, where the recipe has it, reasoning. */
async function fineTune(run: Run, models: readonly string[]): Promise<FinishedStage<TrainingResult>[][]> {
  if (models.length === 0) return [await run.fineTuning()];
  const tuned: FinishedStage<TrainingResult>[][] = [];
  for (const directory of models) tuned.push(await run.fineTuningOf(directory));
  return tuned;
}
