/** `deno task promote`: a notebook's tagged cells as a task, and whether the tasks still are what their notebooks say. */
import { runTask, taskCommand } from "../lib/core/command.ts";
import { UsageError } from "../lib/core/errors.ts";
import { findNotebooks } from "../lib/pipeline/notebook_check.ts";
import {
  driftOf,
  orphanedTasks,
  planPromotion,
  planPromotions,
  type Promotion,
  promotionDifference,
  writePromotion,
} from "../lib/pipeline/promotion/promote.ts";
import { projectRoot } from "../lib/pipeline/setup.ts";

interface Options {
  readonly name?: string;
  readonly check?: true;
  readonly diff?: true;
  readonly force: boolean;
}

const command = taskCommand(
  "promote",
  "The cells that a notebook tags parameters and promote become tasks/NAME.ts.",
)
  .usage("[options] [notebooks...]")
  .argument("[notebooks...]", 'as "03_leave_one_out"; all with tagged cells by default')
  .option("--name <name>", "of the task, where the notebook's metadata has none")
  .option("--check", "write nothing; fail where a task is not what its notebook says")
  .option("--diff", "write nothing; show what would change")
  .option("--force", "overwrite files that were written or edited by hand", false);

await runTask<Options>(command, async ({ name, check, diff, force }, { print }, names) => {
  const promotions = await plan(names, name);
  if (diff) {
    const differences = promotions.map(promotionDifference);
    return print(
      { differences },
      () => differences.filter((text) => text !== "").join("\n") || "Nothing would change.",
    );
  }
  if (check) {
    const drifts = [
      ...promotions.flatMap((promotion) => driftOf(promotion) ?? []),
      ...(names.length === 0 ? await orphanedTasks(promotions, projectRoot) : []),
    ];
    print(
      { promoted: promotions.length, drifts },
      () =>
        drifts.length === 0
          ? `${promotions.length} tasks are what their notebooks say.`
          : drifts.map(({ reason }) => reason).join("\n"),
    );
    if (drifts.length > 0) Deno.exit(1);
    return;
  }
  const written: string[] = [];
  for (const promotion of promotions) {
    if (await writePromotion(promotion, projectRoot, force)) written.push(promotion.file);
  }
  print({ written }, () => written.join("\n") || "Every task is up to date.");
});

/** Those of the notebooks that are named, or of all. */
async function plan(names: readonly string[], name: string | undefined): Promise<Promotion[]> {
  if (name !== undefined && names.length !== 1) {
    throw new UsageError(
      `--name is "${name}" for ${names.length || "all"} notebooks, expected one notebook.`,
    );
  }
  if (names.length === 0) return await planPromotions(projectRoot);
  const paths = await findNotebooks(projectRoot, names);
  return await Promise.all(paths.map((path) => planPromotion(path, projectRoot, name)));
}
