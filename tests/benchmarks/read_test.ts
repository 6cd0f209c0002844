import assert from "node:assert/strict";
import { join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { ARC_EASY } from "../../lib/benchmarks/arc.ts";
import { BOOLQ } from "../../lib/benchmarks/boolq.ts";
import { MMLU } from "../../lib/benchmarks/mmlu.ts";
import { NQ_OPEN } from "../../lib/benchmarks/nq_open.ts";
import { OPENBOOKQA } from "../../lib/benchmarks/openbookqa.ts";
import { PIQA } from "../../lib/benchmarks/piqa.ts";
import { readExamples, readItems } from "../../lib/benchmarks/read.ts";
import { SOCIAL_IQA } from "../../lib/benchmarks/social_iqa.ts";
import { TRIVIAQA } from "../../lib/benchmarks/triviaqa.ts";
import { WINOGRANDE } from "../../lib/benchmarks/winogrande.ts";
import { UsageError } from "../../lib/core/errors.ts";
import { inDirectory } from "../core/temporary.ts";
import { ADAPTERS, HUB } from "./fixtures.ts";

for (const task of [ARC_EASY, OPENBOOKQA, SOCIAL_IQA, PIQA, WINOGRANDE]) {
  Deno.test(`readItems() parses LLM-Adapters' ${task.name} back into what the hub has`, async () => {
    const [[hub], [adapter]] = [await readItems(task, HUB), await readItems(task, ADAPTERS)];
    assert.ok(hub);
    assert.deepEqual(adapter, { ...hub, id: "test:1" });
  });
}

Deno.test("readItems() reads BoolQ without passages", async () => {
  const [item] = await readItems(BOOLQ, ADAPTERS);
  assert.deepEqual(item?.contexts, ["Question: is a bat a bird?\nAnswer:"]);
  assert.equal(item?.gold, 0);
});

Deno.test("readItems() reads both layouts of TriviaQA alike", async () => {
  const [[hub], [own]] = [await readItems(TRIVIAQA, HUB), await readItems(TRIVIAQA, ADAPTERS)];
  assert.equal(hub?.prompt, "Question: Which river flows through Cologne??\nAnswer:");
  assert.deepEqual({ ...own, grade: null }, { ...hub, grade: null });
});

Deno.test("readItems() reads MMLU with and without a header, letters and indices", async () => {
  const items = await readItems(MMLU, HUB);
  assert.deepEqual(items.map(({ group, gold, options }) => [group, gold, options[3]]), [
    ["sound_theory", 1, "a nod, a wink"],
    ["tides", 0, "Fish"],
  ]);
  const examples = await readExamples(MMLU, HUB, 1);
  assert.deepEqual(examples.get("tides"), [
    "How often is high tide?\nA. Twice a day\nB. Yearly\nC. Never\nD. Hourly\nAnswer: A",
  ]);
});

Deno.test("readItems() reads parquet as the hub serves it", () =>
  inDirectory(async (directory) => {
    await Deno.mkdir(join(directory, "piqa", "plain_text"), { recursive: true });
    const file = parquetWriteBuffer({
      columnData: [
        { name: "goal", data: ["Dry a wet book"], type: "STRING" },
        { name: "sol1", data: ["Put paper between its pages."], type: "STRING" },
        { name: "sol2", data: ["Put it in the oven."], type: "STRING" },
        { name: "label", data: [0n], type: "INT64" },
      ],
    });
    const name = "validation-00000-of-00001.parquet";
    await Deno.writeFile(join(directory, "piqa", "plain_text", name), new Uint8Array(file));
    const [hub] = await readItems(PIQA, HUB);
    assert.deepEqual((await readItems(PIQA, directory))[0], { ...hub, id: "validation-00000-of-00001:1" });
  }));

Deno.test("readItems() says which files it looked for", async () => {
  await assert.rejects(
    readItems(NQ_OPEN, ADAPTERS),
    (error) =>
      error instanceof UsageError &&
      /has no file .* in nq_open\/ or nq-open\/ or NQ-open\//.test(error.message),
  );
  await assert.rejects(
    readItems(NQ_OPEN, join(HUB, "nowhere")),
    (error) => error instanceof UsageError && /nowhere does not exist/.test(error.message),
  );
});

Deno.test("readItems() names file, record and field of an unknown layout", () =>
  inDirectory(async (directory) => {
    await Deno.mkdir(join(directory, "nq_open"));
    await Deno.writeTextFile(join(directory, "nq_open", "dev.jsonl"), '{"question":"x"}\n');
    await assert.rejects(
      readItems(NQ_OPEN, directory),
      (error) =>
        error instanceof UsageError &&
        /dev\.jsonl, record 1: field "answer" is in no known layout/.test(error.message),
    );
  }));

Deno.test("readExamples() says when there are too few", async () => {
  await assert.rejects(
    readExamples(MMLU, HUB, 2),
    (error) =>
      error instanceof UsageError && /mmlu \(sound_theory\) has 1 examples, expected 2/.test(error.message),
  );
});
