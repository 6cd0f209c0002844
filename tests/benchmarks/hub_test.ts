import assert from "node:assert/strict";
import { join } from "node:path";
import { GSM8K } from "../../lib/benchmarks/gsm8k.ts";
import { fetchBenchmark, type HubPlace } from "../../lib/benchmarks/hub.ts";
import { MATH500 } from "../../lib/benchmarks/math500.ts";
import { readExamples, readItems } from "../../lib/benchmarks/read.ts";
import { UsageError } from "../../lib/core/errors.ts";
import { inDirectory, names } from "../core/temporary.ts";
import { startHub, type StubHub } from "../sources/stub_hub.ts";

const lines = (...records: unknown[]) =>
  new TextEncoder().encode(records.map((record) => JSON.stringify(record) + "\n").join(""));

const FILES = {
  "README.md": lines("a card"),
  "main/test-00000-of-00001.jsonl": lines({ question: "1+2?", answer: "#### 3" }),
  "main/train-00000-of-00001.jsonl": lines({ question: "2+2?", answer: "#### 4" }),
  "math/test.jsonl": lines({ problem: "1+1", solution: "\\boxed{2}", answer: "2", unique_id: "m/1" }),
  "math/algebra/train-0.jsonl": lines({ problem: "1+3", solution: "\\boxed{4}" }),
};

/** Runs a test on an empty data folder beside a hub that has the files above. */
function withHub(test: (data: string, hub: StubHub) => Promise<void>): Promise<void> {
  return inDirectory(async (data) => {
    await using hub = startHub(FILES);
    Deno.env.set("HF_ENDPOINT", hub.url);
    try {
      await test(data, hub);
    } finally {
      Deno.env.delete("HF_ENDPOINT");
    }
  });
}

function place(folder: string, files: string): HubPlace {
  return { folder, repository: "own/set", files: [files] };
}

Deno.test("fetchBenchmark() downloads questions and examples once, and nothing else", () =>
  withHub(async (data, hub) => {
    const places = { test: place("gsm8k", "main/{train,test}-*.jsonl") };
    await fetchBenchmark(GSM8K, join(data, "new"), undefined, places);
    const [item] = await readItems(GSM8K, join(data, "new"));
    assert.deepEqual([item?.question, item?.gold], ["1+2?", "3"]);
    assert.deepEqual((await readExamples(GSM8K, join(data, "new"), 1)).get(""), [
      "Question: 2+2?\nAnswer: #### 4",
    ]);
    assert.deepEqual(await names(join(data, "new", "gsm8k")), [".hub.json", "main"]);
    const { length } = hub.requests;
    await fetchBenchmark(GSM8K, join(data, "new"), undefined, places);
    assert.equal(hub.requests.length, length);
  }));

Deno.test("fetchBenchmark() goes on where it was broken off", () =>
  withHub(async (data) => {
    const places = { test: place("gsm8k", "main/{train,test}-*.jsonl") };
    await fetchBenchmark(GSM8K, data, undefined, places);
    const train = join(data, "gsm8k", "main", "train-00000-of-00001.jsonl");
    await Deno.remove(train);
    await fetchBenchmark(GSM8K, data, undefined, places);
    assert.ok((await Deno.stat(train)).isFile);
  }));

Deno.test("fetchBenchmark() leaves questions that are there, and finds examples elsewhere", () =>
  withHub(async (data, hub) => {
    await Deno.mkdir(join(data, "MATH-500"));
    await Deno.writeFile(join(data, "MATH-500", "test.jsonl"), FILES["math/test.jsonl"]);
    const places = { test: place("math500", "math/test.jsonl"), examples: place("math", "math/*/train-*") };
    await fetchBenchmark(MATH500, data, undefined, places);
    assert.deepEqual(await names(data), ["MATH-500", "math"]);
    assert.ok(hub.requests.every((request) => !request.includes("math/test.jsonl")));
    assert.equal((await readExamples(MATH500, data, 1)).get("")?.length, 1);
  }));

Deno.test("fetchBenchmark() says what the hub refuses", () =>
  withHub(async (data) => {
    await assert.rejects(
      fetchBenchmark(GSM8K, data),
      (error) => error instanceof UsageError && /The hub refuses dataset openai\/gsm8k/.test(error.message),
    );
  }));
