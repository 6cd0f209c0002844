import assert from "node:assert/strict";
import { readAblations, readSameFineTuning } from "../../../lib/pipeline/paper/ablations.ts";
import { inDirectory } from "../../core/temporary.ts";
import { writeEvaluation } from "./small_run.ts";

Deno.test("readAblations() has a row for each ablation of Table 8 that was asked, in the table's order", () =>
  inDirectory(async (root) => {
    const none = await readAblations("small", root);
    assert.equal(none.made, null);
    assert.match(
      none.command,
      /^deno task sft --run small --ablation math-code-science && deno task eval --model runs\/small\//,
    );
    await writeEvaluation(root, "joint", 0.5);
    await writeEvaluation(root, "math-code", 0.25);
    await writeEvaluation(root, "without-general", 0.125);
    const { made } = await readAblations("small", root);
    assert.deepEqual(
      made?.value.map(({ general, reasoning, scores }) => [general, reasoning, scores[0]?.scores[0]?.value]),
      [["(none)", "M+C+S", 0.125], ["Tulu-3", "M+C", 0.25], ["(none)", "Tulu-3+M+C+S", 0.5]],
    );
  }));

Deno.test("readSameFineTuning() has the run's model, then imported ones by name, and nothing of other evaluations", () =>
  inDirectory(async (root) => {
    assert.equal((await readSameFineTuning("small", root)).made, null);
    for (const name of ["same-reasoning-smollm2", "same-reasoning-olmo", "same-reasoning", "math"]) {
      await writeEvaluation(root, name, 0.25);
    }
    const { made } = await readSameFineTuning("small", root);
    assert.deepEqual(
      made?.value.map(({ model, parameters }) => [model, parameters]),
      [["small", null], ["olmo", null], ["smollm2", null]],
    );
  }));
