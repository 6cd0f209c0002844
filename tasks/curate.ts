/**
 * `deno task curate`: Representative and probing sets of a recipe's sources, by hierarchical rejection sampling with a judge.
 *
 * Promoted from notebooks/02_curation.ipynb by `deno task promote`: change it there.
 * Cells: parameters, open-run, estimate, curation, print.
 * @module
 */
// As promoted, without this line: sha256 c4a00a09dd0094ea2abac1289bba947031d5b541f4e8391a1c532e9feb7d96da
import * as aq from "arquero";
import { join } from "node:path";
import { formatTable } from "../lib/catalog/text_table.ts";
import { runTask } from "../lib/core/command.ts";
import { FUNNEL_STEPS } from "../lib/curation/funnel.ts";
import { REPRESENTATIVES_FILE } from "../lib/curation/rejection_sampling.ts";
import { numberFlag } from "../lib/pipeline/promotion/flags.ts";
import { openRun, runCommand, type RunOptions } from "../lib/pipeline/run_command.ts";
import { type CurationResult, estimateJudging } from "../lib/pipeline/stages/curation.ts";
import { readRepresentatives } from "../lib/pipeline/stages/probing.ts";

const command = runCommand(
  "curate",
  "Representative and probing sets of a recipe's sources, by hierarchical rejection sampling with a judge",
)
  .option("--input-price <number>", "Price of a server's million tokens in, for --estimate.", numberFlag, 0)
  .option(
    "--output-price <number>",
    "Price of a server's million tokens out, for --estimate.",
    numberFlag,
    0,
  );

interface Options extends RunOptions {
  readonly inputPrice: number;
  readonly outputPrice: number;
}

await runTask<Options>(command, async (options, { signal, print }) => {
  const { inputPrice, outputPrice } = options;
  // Cell open-run.
  const run = await openRun(options, signal);

  // Cell estimate.
  if (options.estimate) {
    const prices = { input: inputPrice, output: outputPrice };
    print(
      await estimateJudging(run.recipe, await run.corpus(), prices),
      ({ documents, requests, inputTokens, outputTokens, price }) =>
        `If the education step left all ${documents} documents, the reasoning prompt would take ${requests} requests to a server, ` +
        `${inputTokens} tokens in, ${outputTokens} out, price ${price.toFixed(2)}; ` +
        `each domain prompt about ${run.recipe.curation.topShare} of that.`,
    );
    return;
  }

  // Cell curation.
  const { directory, manifest: { result } } = await run.curation();
  const sets = await readRepresentatives(run.recipe, { directory });
  const probing = Object.fromEntries(
    Object.entries(result.probing).map(([capability, sources]) => [
      capability,
      sets.reduce((sum, { source, probe }) => sources.includes(source) ? sum + probe.length : sum, 0),
    ]),
  );

  // Cell print.
  print({ ...result, probing, representatives: join(directory, REPRESENTATIVES_FILE) }, (printed) =>
    [
      describeFunnel(result),
      "",
      ...describeScorers(result),
      `Probing sets: ${
        Object.entries(probing).map(([name, count]) => `${name} ${count}`).join(", ")
      } documents.`,
      printed.representatives,
    ].join("\n"));
});

// Cell print.

/** A row a source, documents left after each step. */
function describeFunnel({ funnel }: CurationResult): string {
  const sources = [...new Set(funnel.map(({ source }) => source))];
  const rows = (source: string) => funnel.filter((row) => row.source === source);
  const notes = funnel.filter(({ note }) => note !== null);
  return [
    formatTable(aq.table({
      source: sources,
      ...Object.fromEntries(
        FUNNEL_STEPS.map((step) => [
          step,
          sources.map((source) => rows(source).find((row) => row.step === step)?.documents ?? null),
        ]),
      ),
      seconds: sources.map((source) =>
        Number(rows(source).reduce((sum, { seconds }) => sum + seconds, 0).toFixed(1))
      ),
    })),
    ...notes.map(({ source, step, note }) => `${source}, ${step}: ${note}`),
  ].join("\n");
}

function describeScorers({ scorers }: CurationResult): string[] {
  return Object.entries(scorers).map(([name, provenance]) => `${name}: ${provenance}`);
}
