import assert from "node:assert/strict";
import { UsageError } from "../../../lib/core/errors.ts";
import { conversationSource, readConversations } from "../../../lib/sources/conversations.ts";
import { readDocuments } from "../../../lib/sources/read.ts";
import { parseSourceSpec, sourceSpec } from "../../../lib/sources/spec.ts";

Deno.test("readDocuments() reads facts, stories and problems, as many as the source says", async () => {
  for (const texts of ["facts", "stories", "problems"]) {
    const spec = parseSourceSpec({
      name: "ours",
      domain: "math",
      licence: "MIT",
      description: "",
      reader: { kind: "word-problems", texts, count: 3 },
    }, "ours.json");
    const documents = await Array.fromAsync(readDocuments(spec));
    assert.equal(documents.length, 3);
    assert.equal(new Set(documents.map(({ id }) => id)).size, 3);
  }
});

Deno.test("readConversations() gives problems of the source's split, and refuses stories", async () => {
  const read = async (name: string) => {
    const spec = await conversationSource(name);
    return await Array.fromAsync(readConversations({ ...spec, limits: { ...spec.limits, documents: 50 } }));
  };
  const [training, heldOut] = [await read("word-problems/problems"), await read("word-problems/held-out")];
  assert.equal(training.length, 50);
  const questions = new Set(training.map(({ messages }) => messages[0]?.content));
  assert.ok(heldOut.every(({ messages }) => !questions.has(messages[0]?.content)));
  await assert.rejects(
    Array.fromAsync(readConversations(await sourceSpec("word-problems/stories"))),
    UsageError,
  );
});
