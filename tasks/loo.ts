/**
 * `deno task loo`: Leave-one-out: proxies with all sources and without each, at least three seeds, and the losses of the probing sets.
 *
 * Promoted from notebooks/03_leave_one_out.ipynb by `deno task promote`: change it there.
 * Cells: open-run, estimate, leave-one-out, print.
 * @module
 */
// As promoted, without this line: sha256 8fc8b5266a002ec5a209eca92132ed46d133030c62b8be283f8bef5b6cf55a39
import { table } from "arquero";
import { formatTable } from "../lib/catalog/text_table.ts";
import { runTask } from "../lib/core/command.ts";
import { UsageError } from "../lib/core/errors.ts";
import { formatDuration } from "../lib/core/progress.ts";
import { LEAST_FOR_INTERVAL } from "../lib/core/statistics.ts";
import type { Impact } from "../lib/mixture/leave_one_out.ts";
import { estimateProxies } from "../lib/pipeline/estimate.ts";
import { openRun, runCommand, type RunOptions } from "../lib/pipeline/run_command.ts";

const command = runCommand(
  "loo",
  "Leave-one-out: proxies with all sources and without each, at least three seeds, and the losses of the probing sets",
);

await runTask<RunOptions>(command, async (options, { signal, print }) => {
  // Cell open-run.
  const run = await openRun(options, signal);
  const { sources, leaveOneOut: { seeds, steps } } = run.recipe;
  if (seeds < LEAST_FOR_INTERVAL) {
    throw new UsageError(
      `leaveOneOut.seeds is ${seeds}, expected at least ${LEAST_FOR_INTERVAL}: fewer have no interval.`,
    );
  }

  // Cell estimate.
  if (options.estimate) {
    print(
      await estimateProxies(run.recipe, seeds * (1 + sources.length), steps),
      ({ proxies, tokens, tokensPerSecond, seconds }) =>
        `${proxies} proxies, ${tokens} tokens at ${tokensPerSecond.toFixed(0)} a second: ${
          formatDuration(seconds)
        }`,
    );
    return;
  }

  // Cell leave-one-out.
  const { directory, manifest: { result } } = await run.leaveOneOut();

  // Cell print.
  print({ directory, ...result }, ({ impacts }) => `${describe(impacts)}\n${directory}`);
});

// Cell print.

/** Δ after the last update: a row a source, a column a probing set. */
function describe(impacts: readonly Impact[]): string {
  const last = Math.max(...impacts.map(({ step }) => step));
  const ends = impacts.filter(({ step }) => step === last);
  const sources = [...new Set(ends.map(({ left }) => left))];
  const probes = [...new Set(ends.map(({ probe }) => probe))];
  const cell = (source: string, probe: string) => {
    const found = ends.find((impact) => impact.left === source && impact.probe === probe);
    if (found === undefined) return "";
    const { mean, low, high } = found;
    return mean.toFixed(4) +
      (low === null || high === null ? "" : ` (${low.toFixed(4)} … ${high.toFixed(4)})`);
  };
  const columns = probes.map((probe) => [`Δ ${probe}`, sources.map((source) => cell(source, probe))]);
  return [
    formatTable(table({ without: sources, ...Object.fromEntries(columns) })),
    `Δ = ℓ(without it) − ℓ(with all), nats per token, after ${last} updates; ${
      ends[0]?.seeds
    } seeds, 95% intervals.`,
  ].join("\n");
}
