import assert from "node:assert/strict";
import { readConversations } from "../../lib/sources/conversations.ts";
import { documentId } from "../../lib/sources/document.ts";
import { type SourceSpec, sourceSpec } from "../../lib/sources/spec.ts";
import { temporaryDirectory } from "./temporary_directory.ts";

function jsonl(path: string): SourceSpec {
  return {
    name: "gsm8k",
    domain: "math",
    licence: "MIT",
    description: "",
    reader: { kind: "jsonl", path },
    limits: { share: 1 },
  };
}

Deno.test("readConversations() gives the solved challenges with code as answers", async () => {
  const conversations = await Array.fromAsync(readConversations(await sourceSpec("freecodecamp-problems")));
  assert.ok(conversations.length > 100);
  const first = conversations.find(({ messages }) => messages[0]?.content.startsWith("Problem 1: "));
  assert.match(first?.messages[0]?.content ?? "", /multiples of 3 or 5.*Begin with:\n\n```js\nfunction/s);
  assert.match(first?.messages[1]?.content ?? "", /^```js\nconst multiplesOf3and5 = [^]*\n```$/);
  const more = await Array.fromAsync(readConversations(await sourceSpec("freecodecamp-solutions")));
  assert.equal(
    new Set([...conversations, ...more].map(({ id }) => id)).size,
    conversations.length + more.length,
  );
});

Deno.test("readConversations() reads GSM8K's layout", async () => {
  await using directory = await temporaryDirectory({
    "a.jsonl": '{"question": "1+1?", "answer": "2\\n#### 2"}\n',
  });
  const messages = [{ role: "user", content: "1+1?" }, { role: "assistant", content: "2\n#### 2" }];
  assert.deepEqual(await Array.fromAsync(readConversations(jsonl(`${directory.path}/a.jsonl`))), [
    { id: documentId(JSON.stringify(messages)), source: "gsm8k", licence: "MIT", messages },
  ]);
});

Deno.test("readConversations() refuses other layouts, other sources and empty files", async () => {
  await using directory = await temporaryDirectory({ "a.jsonl": '{"question": "1+1?"}\n', "b.jsonl": "\n" });
  await assert.rejects(Array.fromAsync(readConversations(jsonl(`${directory.path}/a.jsonl`))), {
    name: "UsageError",
    message: /a\.jsonl, line 1: expected the texts "question" and "answer"/,
  });
  await assert.rejects(Array.fromAsync(readConversations(jsonl(`${directory.path}/b.jsonl`))), {
    name: "UsageError",
    message: /"gsm8k" has no problems with solutions/,
  });
  await assert.rejects(Array.fromAsync(readConversations(await sourceSpec("sotu"))), {
    name: "UsageError",
    message: /"sotu" has no conversations/,
  });
});
