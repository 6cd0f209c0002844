/**
 * `deno task figures`: every figure and table of the paper, as printed there and from a run of our own, as Vega-Lite, SVG and PNG.
 * @module
 */
import { join } from "node:path";
import { exists } from "../lib/core/artefacts.ts";
import { runTask, taskCommand } from "../lib/core/command.ts";
import { UsageError } from "../lib/core/errors.ts";
import { selectItems, writeItem, type WrittenItem } from "../lib/figures/paper/write.ts";
import { readPaperRun } from "../lib/pipeline/paper/run.ts";

interface Options {
  readonly run?: string;
  readonly out?: string;
  readonly only?: string[];
}

const DEFAULT_RUN = "demo";

const command = taskCommand(
  "figures",
  "Every figure and table of the paper, as printed and from our own run.",
)
  .option("--run <name>", `the run whose values stand beside the paper's; by default ${DEFAULT_RUN}`)
  .option("--out <directory>", "where the files go; by default figures/ in the run's folder")
  .option(
    "--only <names>",
    "some of them, with commas between: figure-2,table-6",
    (names: string) => names.split(","),
  );

await runTask<Options>(command, async ({ run: asked, out, only = [] }, { signal, print }) => {
  const name = asked ?? DEFAULT_RUN, root = join("runs", name);
  // The paper's own numbers need no run; one that was asked for by name has to be there.
  if (asked !== undefined && !await exists(root)) {
    throw new UsageError(`--run is "${asked}", but ${root} does not exist.`);
  }
  const items = await selectItems(only);
  const run = await readPaperRun(name, root);
  const directory = out ?? join(root, "figures");
  const written: WrittenItem[] = [];
  for (const item of items) {
    signal.throwIfAborted();
    written.push(await writeItem(item, run, directory));
  }
  print({ run: name, directory, items: written }, () => [...written.map(describe), directory].join("\n"));
});

function describe({ id, title, origins, lacks }: WrittenItem): string {
  const kinds = [...new Set(origins.map(({ kind }) => kind))].join(" and ");
  return [
    `${id.padEnd(10)} ${title}${kinds === "" ? "" : ` (${kinds})`}`,
    ...(lacks === null ? [] : [`           own values: ${lacks}`]),
  ].join("\n");
}
