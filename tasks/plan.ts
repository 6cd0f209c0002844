/**
 * `deno task plan`: a recipe for a cluster as a page: nodes, days, cost, storage, and where the data are.
 * @module
 */
import { fileURLToPath } from "node:url";
import { writeFileAtomic } from "../lib/core/artefacts.ts";
import { runTask, taskCommand } from "../lib/core/command.ts";
import { UsageError } from "../lib/core/errors.ts";
import { planPage } from "../lib/pipeline/plan/page.ts";
import { planRecipe } from "../lib/pipeline/plan/plan.ts";
import { publishedDataSets } from "../lib/pipeline/plan/published_data_sets.ts";
import { numberFlag } from "../lib/pipeline/promotion/flags.ts";
import { loadRecipe } from "../lib/pipeline/recipe.ts";
import { runProcess } from "../lib/pipeline/subprocess.ts";

/** Documents of each source that compression scores in the page's cheaper variant. */
const BOUND = 10_000_000;

const CONFIG = fileURLToPath(new URL("../deno.json", import.meta.url));

const command = taskCommand(
  "plan",
  "A recipe for a cluster as a page of Markdown: nodes, days, cost, storage.",
)
  .option("--recipe <name>", "the recipe: a name or a file", "950m")
  .option("--price <dollars>", "US dollars a GPU hour", numberFlag, 2.5)
  .option("--out <file>", "write the page there instead of printing it");

await runTask<{ recipe: string; price: number; out?: string }>(
  command,
  async ({ recipe: name, price, out }, { print }) => {
    if (price < 0) throw new UsageError(`--price is ${price}, expected dollars from 0.`);
    const recipe = await loadRecipe(name, []);
    const bounded = await loadRecipe(name, [`midtrain.compression.documentsPerSource=${BOUND}`]);
    const page = planPage({
      recipe: name,
      plan: await planRecipe(recipe),
      bounded: { documentsPerSource: BOUND, plan: await planRecipe(bounded) },
      dataSets: await publishedDataSets(recipe),
      pricePerGpuHour: price,
    });
    if (out === undefined) return print({ page }, () => page);
    await writeFileAtomic(out, page);
    await runProcess(Deno.execPath(), ["fmt", "--quiet", "--config", CONFIG, out]);
    print({ out }, () => out);
  },
);
