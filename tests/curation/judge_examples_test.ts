import assert from "node:assert/strict";
import { Examples, type ExampleSettings } from "../../lib/curation/judge_examples.ts";
import { PROMPT_NAMES } from "../../lib/curation/judge_labels.ts";
import type { Document } from "../../lib/sources/document.ts";
import { documentOf } from "./documents.ts";

const DOMAINS = {
  programs: "code",
  proofs: "math",
  facts: "knowledge",
  inbox: "mail",
  rest: "other",
} as const;
const SETTINGS: ExampleSettings = { documentsPerSource: 20, heldOutPerSource: 5, heldOutShare: 0.2, seed: 1 };

async function* stream(count: number, sources = Object.keys(DOMAINS)): AsyncGenerator<Document> {
  for (const source of sources) {
    for (let i = 0; i < count; i++) {
      const reason = i % 2 === 0 ? "because" : "and";
      yield await Promise.resolve(documentOf(`${source} ${i} ${reason} ${"x".repeat(100)}`, source));
    }
  }
}

const sample = (count = 100, settings = SETTINGS) => Examples.sample(stream(count), DOMAINS, 30, settings);

Deno.test("Examples.sample() takes as many of each source, cut, and holds others out", async () => {
  const examples = await sample();
  assert.deepEqual(examples.counts("code"), { training: 80, heldOut: 20 });
  assert.deepEqual(examples.counts("reasoning"), { training: 80, heldOut: 20 });
  const heldOut = new Set(examples.heldOutFor("code").map(({ document }) => document.id));
  const order = examples.order();
  const trained = Array.from({ length: 800 }, () => order.next().value);
  assert.ok(trained.every(({ document }) => !heldOut.has(document.id)));
  assert.ok(trained.every(({ document: { text, source } }) => text.length === 30 && source !== "rest"));
  assert.equal((await sample()).hash, examples.hash);
  assert.notEqual((await sample(100, { ...SETTINGS, seed: 2 })).hash, examples.hash);
});

Deno.test("Examples.order() asks each prompt as often with each answer, and reaches every document", async () => {
  const order = (await sample()).order();
  const asked = Array.from({ length: 8 * 200 }, () => order.next().value);
  for (const prompt of PROMPT_NAMES) {
    for (const label of [0, 1]) {
      const documents = asked.filter((example) => example.prompt === prompt && example.label === label)
        .map(({ document }) => document);
      assert.equal(documents.length, 200);
      if (prompt === "reasoning") continue;
      // 20 of its own source; of the other three most, since a quarter of the 0s is random and the rest are others' 1s.
      const different = new Set(documents.map(({ id }) => id)).size;
      assert.ok(label === 1 ? different === 20 : different > 50 && different <= 60, `${different}`);
      assert.equal(documents.some(({ source }) => source === "inbox"), label === 0);
    }
  }
  const again = (await sample()).order();
  assert.deepEqual(Array.from({ length: 8 * 200 }, () => again.next().value), asked);
});

Deno.test("Examples.order() puts the same document to two prompts whose answers differ", async () => {
  const order = (await sample()).order();
  for (let round = 0; round < 40; round++) {
    const domains = Array.from({ length: 8 }, () => order.next().value).filter(({ prompt }) =>
      prompt !== "reasoning"
    );
    const ones = new Set(domains.filter(({ label }) => label === 1).map(({ document }) => document.id));
    const zeros = domains.filter(({ label }) => label === 0);
    assert.equal(ones.size, 3);
    if (round % 4 !== 3) assert.ok(zeros.every(({ document }) => ones.has(document.id)));
  }
});

Deno.test("Examples.sample() refuses documents that leave a prompt without one of its labels", async () => {
  await assert.rejects(Examples.sample(stream(100, ["programs", "facts", "inbox"]), DOMAINS, 30, SETTINGS), {
    name: "UsageError",
    message:
      /^Weak labels \(.*\): of 60 documents to train on, none has label 1 for the prompt "math", expected some; name a judge, or more sources\.$/,
  });
  await assert.rejects(Examples.sample(stream(100), DOMAINS, 30, { ...SETTINGS, heldOutShare: 0 }), {
    name: "UsageError",
    message: /of 0 documents to hold out, none has label 0 for the prompt "reasoning"/,
  });
});
