import assert from "node:assert/strict";
import { join } from "node:path";
import { UsageError } from "../../lib/core/errors.ts";
import { type CodeCell, readNotebook } from "../../lib/pipeline/notebook.ts";
import {
  driftOf,
  planPromotions,
  promotionDifference,
  writePromotion,
} from "../../lib/pipeline/promotion/promote.ts";
import { promoteNotebook } from "../../lib/pipeline/promotion/promoted_task.ts";
import { projectRoot } from "../../lib/pipeline/setup.ts";

const promotions = await planPromotions(projectRoot);

/** A cell as a person would add it. */
const PARAMETER: CodeCell = {
  cell_type: "code",
  id: "example",
  metadata: { tags: ["parameters"] },
  source: "/** An example. */\nconst example = 3;",
  outputs: [],
  execution_count: null,
};

Deno.test("every promoted task is what its notebook says", () => {
  assert.deepEqual(
    promotions.map(({ name }) => name),
    ["curate", "loo", "influence", "pretrain", "midtrain", "sft"],
  );
  assert.deepEqual(promotions.flatMap((promotion) => driftOf(promotion)?.reason ?? []), []);
});

Deno.test.each(promotions.map((promotion) => [promotion.name, promotion] as const))(
  "a parameter in %s's notebook is a flag of the task",
  async (_name, { notebook: path, text }) => {
    const notebook = await readNotebook(join(projectRoot, path));
    const changed = promoteNotebook({ ...notebook, cells: [PARAMETER, ...notebook.cells] }, path);
    assert.match(changed.text, /"--example <number>",\s*"An example\.",\s*numberFlag,\s*3/);
    assert.doesNotMatch(text, /--example/);
  },
);

Deno.test.each(promotions.map((promotion) => [promotion.name, promotion] as const))(
  "an edit of %s by hand fails the check, is shown by the difference and is not overwritten",
  async (_name, promotion) => {
    const lines = promotion.text.split("\n");
    const at = lines.findIndex((line) => /^ +\/\/ Cell /.test(line));
    const cell = /Cell (.*)\.$/.exec(lines[at] ?? "")?.[1];
    const edited = { ...promotion, present: lines.toSpliced(at + 1, 0, "  // Mine.").join("\n") };
    const { file, notebook } = promotion;
    assert.equal(
      driftOf(edited)?.reason,
      `${file} was edited since its promotion: ${file} differs from ${notebook} in cell ${cell}, line ${
        at + 2
      }.`,
    );
    const difference = promotionDifference(edited);
    assert.deepEqual(difference.split("\n").filter((line) => /^[-+](?![-+])/.test(line)), ["-  // Mine."]);
    await assert.rejects(writePromotion(edited, projectRoot, false), UsageError);
  },
);
