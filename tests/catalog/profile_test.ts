import assert from "node:assert/strict";
import { profileCorpus } from "../../lib/catalog/profile.ts";
import { type Document, documentId } from "../../lib/sources/document.ts";

async function* stream(
  ...documents: [source: string, text: string, licence: string][]
): AsyncGenerator<Document> {
  for (const [source, text, licence] of documents) {
    yield { id: documentId(text), source, text, licence, metadata: {} };
  }
}

const tools = {
  countTokens: (text: string) => text.split(" ").length,
  identifyLanguage: (text: string) => ({ code: text.startsWith("der") ? "de" : "en", confidence: 1 }),
};

Deno.test("profileCorpus() counts by source, and duplicates across sources", async () => {
  const tokens: number[] = [];
  const { sources } = await profileCorpus(
    stream(["a", "the cat", "MIT"], ["b", "der Hund", "MIT"], ["a", "the cat", "MIT"], [
      "b",
      "the cat",
      "CC0-1.0",
    ]),
    tools,
    (count) => tokens.push(count),
  );
  assert.deepEqual(sources, [
    {
      source: "a",
      documents: 2,
      duplicates: 1,
      characters: 14,
      tokens: 4,
      languages: { en: 2 },
      licences: { MIT: 2 },
    },
    {
      source: "b",
      documents: 2,
      duplicates: 1,
      characters: 15,
      tokens: 4,
      languages: { de: 1, en: 1 },
      licences: { "CC0-1.0": 1, MIT: 1 },
    },
  ]);
  assert.deepEqual(tokens, [2, 4, 6, 8]);
});
