/** `deno task sft`: supervised fine-tuning of the mid-trained model, general and, where the recipe has it, reasoning. */
import { runTask } from "../lib/core/command.ts";
import { ablationSettings } from "../lib/pipeline/ablations.ts";
import { estimateTraining, type TrainingSize } from "../lib/pipeline/estimate.ts";
import type { Recipe } from "../lib/pipeline/recipe.ts";
import { openRun, runCommand, type RunOptions } from "../lib/pipeline/run_command.ts";
import { fineTuningSteps } from "../lib/pipeline/stages/sft.ts";
import { describeEstimate, describeTraining, summariseTraining } from "../lib/pipeline/training_summary.ts";

const command = runCommand("sft", "Supervised fine-tuning of the mid-trained model on conversations")
  .option("--ablation <name>", "data and stages of one of the paper's ablations (Tables 8 and 9)");

await runTask<RunOptions & { readonly ablation?: string }>(command, async (options, { signal, print }) => {
  const set = options.ablation === undefined ? [] : await ablationSettings(options.ablation);
  const run = await openRun({ ...options, set: [...set, ...options.set] }, signal);
  if (options.estimate) {
    return print(await estimateTraining(run.recipe, await sizesOf(run.recipe)), describeEstimate);
  }
  const stages = await run.fineTuning();
  const directory = stages.at(-1)?.directory;
  print(
    { model: directory, stages: summariseTraining(stages) },
    (result) => [...describeTraining(result.stages), directory].join("\n"),
  );
});

/** Updates follow from the data. */
async function sizesOf(recipe: Recipe): Promise<TrainingSize[]> {
  const sizes: TrainingSize[] = [];
  for (const stage of ["sft", "reasoning"] as const) {
    const settings = recipe[stage];
    if (settings === null) continue;
    const { sequences, length } = settings;
    sizes.push({ steps: await fineTuningSteps(stage, recipe, settings), sequences, length });
  }
  return sizes;
}
