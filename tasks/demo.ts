/** `deno task demo`: the whole workbench on real text, in one command. */
import { join } from "node:path";
import { runTask, taskCommand } from "../lib/core/command.ts";
import { UsageError } from "../lib/core/errors.ts";
import { formatDuration } from "../lib/core/progress.ts";
import { type DemoResult, runDemo } from "../lib/pipeline/demo.ts";
import { loadRecipe } from "../lib/pipeline/recipe.ts";

const command = taskCommand(
  "demo",
  "Real text to catalogue, shards, a trained model, perplexities and one HTML report",
)
  .option("--recipe <name>", "recipe in data/recipes, or a file", "demo")
  .option("--set <key=value...>", "change a setting of the recipe", [])
  .option("--run <name>", "name of the run under runs/", "demo")
  .option("--launch <where>", "where it runs: local", "local")
  .option("--restart", "begin unfinished stages anew", false)
  .option("--estimate", "print what each stage will take, and stop", false);

interface Options {
  readonly recipe: string;
  readonly set: string[];
  readonly run: string;
  readonly launch: string;
  readonly restart: boolean;
  readonly estimate: boolean;
}

await runTask<Options>(command, async (options, { signal, print }) => {
  if (!/^[\w.-]+$/.test(options.run)) {
    throw new UsageError(`--run is "${options.run}", expected a name of letters, digits, ".", "_" and "-".`);
  }
  if (options.launch !== "local") throw new UsageError(`--launch is "${options.launch}", expected local.`);
  const recipe = await loadRecipe(options.recipe, options.set);
  if (options.estimate) {
    const seconds = recipe.budget.reduce((sum, stage) => sum + stage.seconds, 0);
    print({ seconds, stages: recipe.budget }, ({ stages }) =>
      [
        ...stages.map(({ stage, tokens, seconds }) =>
          `${stage.padEnd(12)} ${String(tokens ?? "").padStart(9)} tokens ${String(seconds).padStart(4)} s`
        ),
        `${"all".padEnd(12)} ${"".padStart(9)}        ${String(seconds).padStart(4)} s on 2 cores`,
      ].join("\n"));
    return;
  }
  const root = join("runs", options.run);
  print(await runDemo(options.run, recipe, { root, restart: options.restart, signal }), describe);
});

function describe({ seconds, stages, probes, report, sources, peakMemoryMB }: DemoResult): string {
  const documents = sources.reduce((sum, source) => sum + source.documents, 0);
  return [
    `${documents} documents from ${sources.length} sources; ${
      formatDuration(seconds)
    }, ${peakMemoryMB} MB at most.`,
    ...stages.map(({ name, tokens, lossFirst, lossLast, skipped }) =>
      `${name}: ${tokens} tokens, loss ${lossFirst.toFixed(3)} to ${lossLast.toFixed(3)}${
        skipped ? " (done before)" : ""
      }`
    ),
    ...Object.entries(probes).map(([name, { perplexity, unigram }]) =>
      `perplexity on ${name}: ${perplexity.toFixed(1)} (unigram ${unigram.toFixed(1)})`
    ),
    `Report: ${report}`,
  ].join("\n");
}
