/** What every filter does with documents that no one expects: each has a rule, and none takes a filter down. */
import assert from "node:assert/strict";
import {
  checkContamination,
  ContaminationIndex,
  withoutContaminated,
} from "../../lib/curation/contamination.ts";
import { fitHashedEmbedding } from "../../lib/curation/embedding.ts";
import { withoutExactDuplicates } from "../../lib/curation/exact.ts";
import { encodeQuestion } from "../../lib/curation/model_judge.ts";
import { findNearDuplicates, NEAR_DUPLICATES } from "../../lib/curation/near_duplicates.ts";
import { findSemanticDuplicates } from "../../lib/curation/semantic.ts";
import type { Document } from "../../lib/sources/document.ts";
import { openTokenizer } from "../../lib/tokenizer/tokenizer.ts";
import { documentOf, uniqueWords } from "./documents.ts";

const ITEM = uniqueWords(9, 20).join(" ");

/** 10 MB of words, one word, spaces; nothing; lone surrogates and NUL. */
const ODD: Readonly<Record<string, string>> = {
  words: "word ".repeat(2_000_000),
  letters: "a".repeat(10_000_000),
  spaces: " ".repeat(10_000_000),
  planted: `${"other words ".repeat(800_000)}${ITEM}`,
  empty: "",
  malformed: "\ud800 lone \udfff\0",
};

async function* documents(names: readonly string[]): AsyncGenerator<Document> {
  for (const name of names) yield await Promise.resolve(documentOf(ODD[name] ?? name, name));
}

const sourcesOf = (found: readonly Document[]) => found.map(({ source }) => source);

Deno.test("filters pass huge, empty and malformed documents through, each one unlike the others", async () => {
  const names = Object.keys(ODD);
  assert.deepEqual(
    sourcesOf(await Array.fromAsync(withoutExactDuplicates(documents([...names, ...names])))),
    names,
  );
  assert.deepEqual(await findNearDuplicates(documents(names), NEAR_DUPLICATES), []);
  const embedding = await fitHashedEmbedding(Object.values(ODD).values(), 1);
  // Texts without words have no direction, and are like nothing.
  assert.deepEqual(await findSemanticDuplicates(documents(names), embedding, 0.9), []);
});

Deno.test("contamination is found at the end of 10 MB, and nowhere in documents without words", async () => {
  const index = new ContaminationIndex();
  index.add({ benchmark: "own", item: "1", fields: [ITEM] });
  const dropped: string[] = [];
  const clean = withoutContaminated(
    documents(Object.keys(ODD)),
    index,
    (_, { source }) => dropped.push(source),
  );
  assert.equal((await Array.fromAsync(clean)).length, 5);
  assert.deepEqual(dropped, ["planted"]);
});

Deno.test("filters take a stream of one document, and of none", async () => {
  for (const names of [[], ["a few words of text"]]) {
    assert.equal((await Array.fromAsync(withoutExactDuplicates(documents(names)))).length, names.length);
    assert.deepEqual(await findNearDuplicates(documents(names), NEAR_DUPLICATES), []);
    const embedding = await fitHashedEmbedding(["some other text"], 1);
    assert.deepEqual(await findSemanticDuplicates(documents(names), embedding, 0.9), []);
    const index = new ContaminationIndex();
    index.add({ benchmark: "own", item: "1", fields: [ITEM] });
    const report = await checkContamination(documents(names), index);
    assert.equal(report.documents, names.length);
  }
  await assert.rejects(fitHashedEmbedding([], 1), {
    name: "UsageError",
    message: "The corpus is empty, expected at least one text to embed.",
  });
});

Deno.test("a judge sees the beginning of any document, soon", async () => {
  const tokenizer = await openTokenizer("llama3-512");
  const prompt = { name: "own", before: "", after: "?", hash: "" };
  for (const [name, text] of Object.entries(ODD)) {
    const started = performance.now();
    const question = encodeQuestion(prompt, text, tokenizer, { format: "plain", maxTokens: 64 });
    assert.ok(question.length <= 64 && question.length >= 3, name);
    assert.ok(performance.now() - started < 2000, `${name} took ${performance.now() - started} ms`);
  }
});
