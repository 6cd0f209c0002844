/** `deno task demo`: the whole workbench on real text, in one command. */
import { runTask } from "../lib/core/command.ts";
import { formatDuration } from "../lib/core/progress.ts";
import { type DemoResult, runDemo } from "../lib/pipeline/demo.ts";
import { describeTraining } from "../lib/pipeline/training_summary.ts";
import { openRun, runCommand, type RunOptions } from "../lib/pipeline/run_command.ts";

const command = runCommand(
  "demo",
  "Real text to catalogue, curated sets, influence, a mixture, a trained model, perplexities and one HTML report",
);

await runTask<RunOptions>(command, async (options, { signal, print }) => {
  const run = await openRun(options, signal);
  if (!options.estimate) return print(await runDemo(run), describe);
  const { budget } = run.recipe;
  const seconds = budget.reduce((sum, stage) => sum + stage.seconds, 0);
  print({ seconds, stages: budget }, ({ stages }) =>
    [
      ...stages.map(({ stage, tokens, seconds }) =>
        `${stage.padEnd(18)} ${String(tokens ?? "").padStart(9)} tokens ${String(seconds).padStart(4)} s`
      ),
      `${"all".padEnd(18)} ${"".padStart(9)}        ${String(seconds).padStart(4)} s on 2 cores`,
    ].join("\n"));
});

function describe({ seconds, stages, probes, report, sources, peakMemoryMB }: DemoResult): string {
  const documents = sources.reduce((sum, source) => sum + source.documents, 0);
  return [
    `${documents} documents from ${sources.length} sources; ${
      formatDuration(seconds)
    }, ${peakMemoryMB} MB at most.`,
    ...describeTraining(stages),
    ...Object.entries(probes).map(([name, { perplexity, unigram }]) =>
      `perplexity on ${name}: ${perplexity.toFixed(1)} (unigram ${unigram.toFixed(1)})`
    ),
    `Report: ${report}`,
  ].join("\n");
}
