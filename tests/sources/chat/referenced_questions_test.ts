import assert from "node:assert/strict";
import { parquetWriteBuffer } from "hyparquet-writer";
import { UsageError } from "../../../lib/core/errors.ts";
import { ReferencedQuestions } from "../../../lib/sources/chat/referenced_questions.ts";
import { temporaryDirectory } from "../temporary_directory.ts";

const lines = (...records: unknown[]) => records.map((record) => JSON.stringify(record)).join("\n");
const parquet = (name: string, values: string[]) =>
  new Uint8Array(parquetWriteBuffer({ columnData: [{ name, data: values, type: "STRING" }] }));

/** Four data sets as they are published, in small. */
const files = {
  "nvidia/OpenCodeReasoning-2/train/python/train-00000.jsonl": "",
  "BAAI/TACO/ALL/train-00000-of-00002.parquet": parquet("question", ["t0", "t1"]),
  "BAAI/TACO/ALL/train-00001-of-00002.parquet": parquet("question", ["t2"]),
  "BAAI/TACO/ALL/test-00000-of-00001.parquet": parquet("question", ["other split"]),
  "codeparrot/apps/test.jsonl": lines({ question: "a0", input_output: "{}" }, { question: "a1" }),
  "codeparrot/apps/README.md": "train",
  "deepmind/code_contests/data/valid-0.jsonl": lines({ description: "c0" }, { description: "" }),
  "open-r1/codeforces/data/train-0.jsonl": lines(
    {
      ...{ description: "Sum.", input_format: "Two numbers.", output_format: "One.", note: null },
      examples: [{ input: "1 2", output: "3" }, { input: "0 0", output: "0" }],
    },
    { description: "Only this.", input_format: "", output_format: null, examples: null, note: "So." },
  ),
};

Deno.test("find() gives the rows of a split in the order of its files, for each of the four data sets", async () => {
  await using directory = await temporaryDirectory(files);
  const questions = new ReferencedQuestions(`${directory.path}/nvidia/OpenCodeReasoning-2/train`);
  const find = (dataset: string, split: string, index: number) => questions.find({ dataset, split, index });
  assert.deepEqual(await Promise.all([0, 1, 2].map((index) => find("taco", "train", index))), [
    "t0",
    "t1",
    "t2",
  ]);
  assert.equal(await find("apps", "test", 1), "a1");
  assert.equal(await find("code_contests", "valid", 0), "c0");
  assert.equal(
    await find("open-r1/codeforces", "train", 0),
    "Sum.\n\nInput\n\nTwo numbers.\n\nOutput\n\nOne.\n\nExamples\n\nInput\n\n1 2\n\nOutput\n\n3" +
      "\n\nInput\n\n0 0\n\nOutput\n\n0",
  );
  assert.equal(await find("open-r1/codeforces", "train", 1), "Only this.\n\nNote\n\nSo.");
});

Deno.test("find() says what is not there", async () => {
  await using directory = await temporaryDirectory(files);
  await Deno.remove(`${directory.path}/codeparrot`, { recursive: true });
  const questions = new ReferencedQuestions(`${directory.path}/nvidia/OpenCodeReasoning-2`);
  const missing: [string, string, number, RegExp][] = [
    ["hub", "train", 0, /is in "hub", expected one of taco, apps, code_contests, open-r1\/codeforces\.$/],
    ["taco", "train", 3, /is row 3 of split "train" of BAAI\/TACO, which has 3 rows\.$/],
    ["code_contests", "valid", 1, /which has no text there\.$/],
    ["taco", "dev", 0, /BAAI\/TACO, which has no JSONL or parquet of split "dev"\.$/],
    ["apps", "test", 0, /is in the data set codeparrot\/apps, expected codeparrot\/apps beside .*nvidia/],
  ];
  for (const [dataset, split, index, message] of missing) {
    await assert.rejects(
      questions.find({ dataset, split, index }),
      (error) => error instanceof UsageError && message.test(error.message),
    );
  }
});
