/** Records with every field that is published, beside files of the same data set that are not to be asked. */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { AIME24, AIME25 } from "../../lib/benchmarks/aime.ts";
import { BOOLQ } from "../../lib/benchmarks/boolq.ts";
import { HELLASWAG } from "../../lib/benchmarks/hellaswag.ts";
import { PIQA } from "../../lib/benchmarks/piqa.ts";
import { readExamples, readItems } from "../../lib/benchmarks/read.ts";
import { Sandboxes } from "../../lib/benchmarks/sandboxes.ts";
import { SOCIAL_IQA } from "../../lib/benchmarks/social_iqa.ts";
import type { Task } from "../../lib/benchmarks/task.ts";
import { TRIVIAQA } from "../../lib/benchmarks/triviaqa.ts";
import { WINOGRANDE } from "../../lib/benchmarks/winogrande.ts";
import { inDirectory } from "../core/temporary.ts";

/** Files by their paths, each of one record. */
function withFiles(files: Record<string, unknown>, test: (data: string) => Promise<void>): Promise<void> {
  return inDirectory(async (data) => {
    for (const [path, record] of Object.entries(files)) {
      await Deno.mkdir(join(data, dirname(path)), { recursive: true });
      await Deno.writeTextFile(join(data, path), JSON.stringify(record) + "\n");
    }
    await test(data);
  });
}

const HIDDEN = "test-00000-of-00001.jsonl", ASKED = "validation-00000-of-00001.jsonl";
const passage = { question: "do bats fly", passage: "Bats fly." };
const goal = { goal: "Dry a book", sol1: "Wait.", sol2: "Burn it." };
const social = {
  ...{ context: "Ada left.", question: "Why?", answerA: "rest", answerB: "food", answerC: "fun" },
};
const blank = { sentence: "The cup is in the box as the _ is big.", option1: "cup", option2: "box" };
const scene = {
  ...{ ind: 24, activity_label: "Roof shingle removal", ctx_a: "A man is sitting on a roof.", ctx_b: "he" },
  ...{ ctx: "A man is sitting on a roof. he", source_id: "activitynet~v_x", split_type: "indomain" },
  endings: ["is using wrap.", "is ripping tiles off.", "holds a cube.", "starts pulling up roofing."],
};

/** What is hidden in the test split, what is asked, and the gold choice. */
const SPLITS: [Task, string, unknown, unknown, number][] = [
  [BOOLQ, "boolq/data", { ...passage, idx: 1, label: -1 }, { ...passage, answer: true }, 1],
  [BOOLQ, "boolq/super_glue", { ...passage, idx: 1 }, { ...passage, idx: 1, label: 0 }, 0],
  [PIQA, "piqa/plain_text", { ...goal, label: -1 }, { ...goal, label: 0 }, 0],
  [SOCIAL_IQA, "social_iqa/data", { ...social, label: "" }, { ...social, label: "3" }, 2],
  [WINOGRANDE, "winogrande/winogrande_xl", { ...blank, answer: "" }, { ...blank, answer: "2" }, 1],
  [HELLASWAG, "hellaswag/data", { ...scene, split: "test", label: "" }, { ...scene, label: "3" }, 3],
];

for (const [task, folder, hidden, asked, gold] of SPLITS) {
  Deno.test(`readItems() asks the validation split of ${folder}, since the test split has no answers`, () =>
    withFiles({ [`${folder}/${HIDDEN}`]: hidden, [`${folder}/${ASKED}`]: asked }, async (data) => {
      const items = await readItems(task, data);
      assert.deepEqual(items.map((item) => item.gold), [gold]);
    }));
}

Deno.test("HELLASWAG reads its authors' files, whose labels are numbers", () =>
  withFiles({
    "hellaswag/hellaswag_val.jsonl": { ...scene, split: "val", label: 3 },
    "hellaswag/hellaswag_test.jsonl": { ...scene, split: "test" },
  }, async (data) => {
    const [item] = await readItems(HELLASWAG, data);
    assert.deepEqual(item?.contexts, ["Roof shingle removal: A man is sitting on a roof. He"]);
    assert.equal(item?.gold, 3);
  }));

Deno.test("TRIVIAQA accepts every alias but for case and punctuation, and shows its value as an example", () => {
  const record = {
    ...{
      question: "Which lake is the deepest?",
      question_id: "tc_1",
      question_source: "http://example.org/",
    },
    entity_pages: { doc_source: [], filename: [], title: [], wiki_context: [] },
    search_results: { description: [], filename: [], rank: [], title: [], url: [], search_context: [] },
    answer: {
      aliases: ["Lake Baikal", "Baikal, Lake", "Ozero Baykal"],
      normalized_aliases: ["lake baikal", "baikal lake", "ozero baykal"],
      ...{ matched_wiki_entity_name: "", normalized_matched_wiki_entity_name: "", type: "WikipediaEntity" },
      ...{ value: "Lake Baikal", normalized_value: "lake baikal" },
    },
  };
  const folder = "trivia_qa/rc.nocontext";
  return withFiles({ [`${folder}/${ASKED}`]: record, [`${folder}/train-0.jsonl`]: record }, async (data) => {
    const [item] = await readItems(TRIVIAQA, data);
    assert.ok(item);
    // lm-eval puts a question mark behind that of the question.
    assert.equal(item.prompt, "Question: Which lake is the deepest??\nAnswer:");
    assert.deepEqual((await readExamples(TRIVIAQA, data, 1)).get(""), [`${item.prompt} Lake Baikal`]);
    await using sandboxes = new Sandboxes();
    const right = async (answer: string) => (await item.grade(answer, "completion", sandboxes)).correct;
    assert.ok(await right(" ozero baykal!"));
    assert.ok(!await right(" Baikal"));
  });
});

/** [path, record, gold], as published by different hands. */
const COMPETITIONS: [Task, string, Record<string, unknown>, string][] = [
  [AIME24, "AIME_2024/aime.jsonl", { ID: "2024-II-4", Problem: "P", Solution: "S", Answer: 33 }, "33"],
  [
    AIME24,
    "aime_2024/data/train-0.jsonl",
    { id: 60, problem: "P", url: "u", year: "2024", answer: "073" },
    "073",
  ],
  [AIME25, "aime25/test.jsonl", { problem: "P", answer: "70", id: "0" }, "70"],
  [
    AIME25,
    "aime_2025/data/train-0.jsonl",
    { problem_idx: 1, problem: "P", answer: 588, problem_type: [] },
    "588",
  ],
];

for (const [task, path, record, gold] of COMPETITIONS) {
  Deno.test(`${task.name} reads ${path}`, () =>
    withFiles({ [path]: record }, async (data) => {
      const [item] = await readItems(task, data);
      assert.ok(item && "prompt" in item);
      assert.deepEqual([item.prompt, item.gold], ["Question: P\nAnswer:", gold]);
    }));
}

Deno.test("AIME25 is both rounds, answered sixty-four times, graded as whole numbers", () =>
  withFiles({
    "AIME2025/aime2025-I.jsonl": { question: "P", answer: "70" },
    "AIME2025/aime2025-II.jsonl": { question: "Q", answer: "025" },
  }, async (data) => {
    const [first, second] = await readItems(AIME25, data);
    assert.deepEqual([first?.id, second?.id], ["aime2025-I:1", "aime2025-II:1"]);
    assert.deepEqual([AIME25.completion.samples, AIME25.chat.samples], [64, 64]);
    await using sandboxes = new Sandboxes();
    const right = async (answer: string) => (await second?.grade(answer, "chat", sandboxes))?.correct;
    for (const answer of ["\\boxed{25}", "\\boxed{025}", "So $\\boxed{25^\\circ}$?", "The answer is 25."]) {
      assert.ok(await right(answer), answer);
    }
    for (const answer of ["\\boxed{1025}", "\\boxed{2.5}", "\\boxed{25}, no: \\boxed{26}", ""]) {
      assert.ok(!await right(answer), answer);
    }
  }));
