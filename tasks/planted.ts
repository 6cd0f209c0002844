/** `deno task planted`: whether influence finds answers that were planted in real text. */
import { InvalidArgumentError } from "commander";
import { join } from "node:path";
import { createWasmBackend } from "../lib/backends/wasm.ts";
import { createWasmInfluence } from "../lib/backends/wasm_influence.ts";
import { exists } from "../lib/core/artefacts.ts";
import { runTask, taskCommand } from "../lib/core/command.ts";
import { UsageError } from "../lib/core/errors.ts";
import { readPieces } from "../lib/mixture/planted/corpus.ts";
import { CHARACTERS, CONFIG, FULL_SETTINGS, TOKENIZER } from "../lib/mixture/planted/experiment.ts";
import { plantedSeeds } from "../lib/mixture/planted/seeds.ts";
import { type PlantedSummary, summarise } from "../lib/mixture/planted/summary.ts";
import { codeHash } from "../lib/pipeline/code_hash.ts";
import { BACKEND_CODE } from "../lib/pipeline/stages/backend_code.ts";
import { openTokenizer } from "../lib/tokenizer/tokenizer.ts";

interface Options {
  readonly seeds: number;
  readonly run: string;
  readonly restart: boolean;
}

const command = taskCommand(
  "planted",
  "Whether influence finds what was planted: shuffled words, the probe's domain, a copy; and what retraining says",
)
  .option("--seeds <number>", "repetitions", parseSeeds, 10)
  .option("--run <name>", "name of the run under runs/", "planted")
  .option("--restart", "forget seeds that are done", false);

function parseSeeds(text: string): number {
  const seeds = Number(text);
  if (Number.isSafeInteger(seeds) && seeds > 0) return seeds;
  throw new InvalidArgumentError("expected a positive whole number.");
}

await runTask<Options>(command, async ({ seeds, run, restart }, { signal, print }) => {
  if (!/^[\w.-]+$/.test(run)) {
    throw new UsageError(`--run is "${run}", expected a name of letters, digits, ".", "_" and "-".`);
  }
  const directory = join("runs", run);
  if (restart && await exists(directory)) await Deno.remove(directory, { recursive: true });
  const entry = new URL("../lib/mixture/planted/seeds.ts", import.meta.url);
  const fingerprint = await codeHash([entry, ...BACKEND_CODE]);
  const [pieces, tokenizer] = [await readPieces(CHARACTERS), await openTokenizer(TOKENIZER)];
  await using train = await createWasmBackend(CONFIG);
  await using influence = await createWasmInfluence(CONFIG, "all");
  const machinery = { train, influence, tokenizer, pieces, directory, fingerprint, signal };
  const results = await plantedSeeds(machinery, FULL_SETTINGS, seeds);
  print({ ...summarise(results), results }, describe);
});

function describe({ seeds, capabilities, ...summary }: PlantedSummary): string {
  const of = (count: number) => `${count}/${seeds}`;
  const decimals = (value: number) => value.toFixed(2);
  const row = (...cells: string[]) =>
    cells.map((cell, i) => i === 0 ? cell.padEnd(12) : cell.padStart(24)).join("");
  const rows = capabilities.map(({ probe, aboveShuffled, aboveOtherDomains, retraining }) =>
    row(
      probe,
      of(aboveShuffled),
      of(aboveOtherDomains),
      `${retraining.agreed} of ${retraining.decided} (${retraining.agreedByGradientProduct})`,
      `${decimals(retraining.spearman.mean)} (${decimals(retraining.spearmanOfGradientProduct.mean)})`,
    )
  );
  return [
    row("probe", "above its own words", "above other domains", "pairs as retraining", "Spearman"),
    ...rows,
    row("all", of(summary.aboveShuffled), of(summary.aboveOtherDomains)),
    "",
    "Seeds in which the domain's own source has more influence a token than its words in random order, and than each source of",
    "another domain; pairs of sources that leaving them out tells apart beyond seed noise, and those of them that influence orders",
    "alike; Spearman of influence and leave-one-out over sources. In parentheses: TracIn's plain product of gradients.",
    `A source and its copy have equal influence within 2 standard errors over documents in ${
      of(summary.copyEqual)
    } seeds (largest difference ${decimals(summary.largestCopyDifference)}).`,
    `After deduplication the weights are exactly those without the copy in ${
      of(summary.deduplicatedEqual)
    } seeds.`,
  ].join("\n");
}
