import assert from "node:assert/strict";
import { join } from "node:path";
import { UsageError } from "../../lib/core/errors.ts";
import { comparePaired, compareResults, signTest } from "../../lib/eval/comparison.ts";
import { inDirectory } from "../core/temporary.ts";

Deno.test("comparePaired() is antisymmetric", () => {
  const a = [0, 1, 1, 0, 1], b = [1, 1, 0, 1, 1];
  const there = comparePaired(a, b, 1), back = comparePaired(b, a, 1);
  assert.equal(there.difference, -back.difference);
  assert.equal(there.standardError, back.standardError);
  assert.deepEqual([there.better, there.worse], [back.worse, back.better]);
  assert.equal(there.p, back.p);
});

Deno.test("comparePaired() has a smaller error than unpaired scores of alike systems", () => {
  const a = Array.from({ length: 100 }, (_, i) => i % 2), b = a.with(0, 1);
  const { standardError } = comparePaired(a, b, 1);
  assert.ok(standardError !== null && standardError < 0.011);
});

Deno.test("signTest() is the binomial's", () => {
  assert.equal(signTest(0, 0), 1);
  assert.equal(signTest(5, 5), 1);
  assert.ok(Math.abs(signTest(1, 9) - 2 * (1 + 10) / 1024) < 1e-15);
  // Large counts do not underflow.
  assert.ok(signTest(2000, 2000) > 0.98);
});

async function written(directory: string, task: string, values: Record<string, number>) {
  await Deno.mkdir(directory, { recursive: true });
  await Deno.writeTextFile(join(directory, "results.json"), "{}");
  const lines = Object.entries(values).map(([id, acc]) =>
    JSON.stringify({ doc: { id }, prompt_hash: "", metrics: ["acc"], acc }) + "\n"
  );
  await Deno.writeTextFile(join(directory, `samples_${task}.jsonl`), lines.join(""));
}

Deno.test("compareResults() compares the questions that both have", () =>
  inDirectory(async (directory) => {
    const [a, b] = [join(directory, "a"), join(directory, "b")];
    await written(a, "piqa", { one: 0, two: 1, three: 0 });
    await written(b, "piqa", { two: 1, three: 1, four: 0 });
    const [piqa, ...more] = await compareResults(a, b, 1);
    assert.deepEqual(more, []);
    assert.deepEqual([piqa?.task, piqa?.metric, piqa?.questions, piqa?.a, piqa?.b], [
      "piqa",
      "acc",
      2,
      0.5,
      1,
    ]);
  }));

Deno.test("compareResults() says what is missing", () =>
  inDirectory(async (directory) => {
    const [a, b] = [join(directory, "a"), join(directory, "b")];
    await written(a, "piqa", { one: 0 });
    await assert.rejects(compareResults(a, b, 1), (error) =>
      error instanceof UsageError && /b has no results\.json/.test(error.message));
    await written(b, "boolq", { one: 0 });
    await assert.rejects(compareResults(a, b, 1), /share no benchmark/);
  }));
