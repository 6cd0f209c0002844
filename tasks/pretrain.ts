/**
 * `deno task pretrain`: Both phases of pretraining, on the mixtures that the recipe names.
 *
 * Promoted from notebooks/05_pretraining.ipynb by `deno task promote`: change it there.
 * Cells: open-run, estimate, phases, print.
 * @module
 */
// As promoted, without this line: sha256 1491c4a2bdab324cd262968261d2328684596ea55d655b3e007b44a34da681bb
import { runTask } from "../lib/core/command.ts";
import { estimateTraining } from "../lib/pipeline/estimate.ts";
import { describePlan } from "../lib/pipeline/plan/description.ts";
import { planRecipe } from "../lib/pipeline/plan/plan.ts";
import { openRun, runCommand, type RunOptions } from "../lib/pipeline/run_command.ts";
import { describeEstimate, describeTraining, summariseTraining } from "../lib/pipeline/training_summary.ts";

const command = runCommand("pretrain", "Both phases of pretraining, on the mixtures that the recipe names");

await runTask<RunOptions>(command, async (options, { signal, print }) => {
  // Cell open-run.
  const run = await openRun(options, signal);

  // Cell estimate.
  if (options.estimate) {
    const { cluster, pretrain1, pretrain2 } = run.recipe;
    if (cluster === null) {
      print(await estimateTraining(run.recipe, [pretrain1, pretrain2]), describeEstimate);
    } else {
      print(await planRecipe(run.recipe), describePlan);
    }
    return;
  }

  // Cell phases.
  const phases = await run.pretrainingPhases();

  // Cell print.
  print(
    { model: phases[1].directory, stages: summariseTraining(phases) },
    ({ stages, model }) => [...describeTraining(stages), model].join("\n"),
  );
});
