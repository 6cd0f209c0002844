import assert from "node:assert/strict";
import { parquetWriteBuffer } from "hyparquet-writer";
import { conversationSource, readConversations } from "../../lib/sources/conversations.ts";
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
  await using directory = await temporaryDirectory({
    "a.jsonl": '{"question": "1+1?"}\n',
    "b.jsonl": "\n",
    "c.jsonl": '{"problem": "1", "solution": "1"}\n{"problem": "1", "solution": 1}\n',
  });
  await assert.rejects(Array.fromAsync(readConversations(jsonl(`${directory.path}/a.jsonl`))), {
    name: "UsageError",
    message: /a\.jsonl, line 1: expected the fields of .*GSM8K \(question, answer\).*; it has question\.$/,
  });
  await assert.rejects(Array.fromAsync(readConversations(jsonl(`${directory.path}/c.jsonl`))), {
    name: "UsageError",
    message: /c\.jsonl, line 2 \(MATH\): expected a text in "solution"\.$/,
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

Deno.test("readConversations() reads parquet with lists of messages, and OpenCodeReasoning-2 with what it refers to", async () => {
  const chat = ["system", "user", "assistant"].map((role) => ({ role, content: `${role} says` }));
  await using directory = await temporaryDirectory({
    "nvidia/OpenCodeReasoning-2/train/a.parquet": new Uint8Array(parquetWriteBuffer({
      columnData: Object.entries({
        ...{
          question: ["-", "-"],
          r1_generation: ["first", "second"],
          dataset: ["taco", "apps"],
          license: ["mit", ""],
        },
        ...{ split: ["train", "test"], index: ["1", "0"] },
      }).map(([name, data]) => ({ name, data, type: "STRING" as const })),
    })),
    "BAAI/TACO/train.jsonl": '{"question": "t0"}\n{"question": "t1"}\n',
    "codeparrot/apps/test.jsonl": '{"question": "a0"}\n',
    "tulu/data/train-0.parquet": new Uint8Array(
      parquetWriteBuffer({ columnData: [{ name: "messages", data: [chat, chat], type: "JSON" }] }),
    ),
  });
  const read = async (path: string) =>
    await Array.fromAsync(
      readConversations({ ...jsonl(""), reader: { kind: "directory", path: `${directory.path}/${path}` } }),
    );
  const code = await read("nvidia/OpenCodeReasoning-2");
  assert.deepEqual(code.map(({ messages }) => messages.map(({ content }) => content)), [["t1", "first"], [
    "a0",
    "second",
  ]]);
  assert.deepEqual(code.map(({ licence }) => licence), ["mit", "MIT"]);
  assert.deepEqual((await read("tulu")).map(({ messages }) => messages), [chat, chat]);
});

Deno.test("readConversations() keeps the source's share and stops at its number of documents", async () => {
  const lines = Array.from({ length: 200 }, (_, i) => JSON.stringify({ question: `${i}?`, answer: `${i}` }));
  await using directory = await temporaryDirectory({ "a.jsonl": lines.join("\n") });
  const read = async (limits: SourceSpec["limits"]) =>
    (await Array.fromAsync(readConversations({ ...jsonl(`${directory.path}/a.jsonl`), limits }))).length;
  assert.equal(await read({ share: 1, documents: 7 }), 7);
  const quarter = await read({ share: 0.25 });
  assert.ok(quarter > 30 && quarter < 70, `${quarter}`);
});

Deno.test("conversationSource() finds the published sets by name, and other sources as ever", async () => {
  const folder = new URL("../../data/sources/conversations/", import.meta.url);
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name.replace(/\.json$/, ""));
  assert.ok(names.length >= 6);
  for (const name of names) {
    const spec = await conversationSource(name);
    assert.equal(spec.name, name);
    assert.ok("path" in spec.reader && spec.reader.path.includes("/.cache/datasets/"));
  }
  assert.equal((await conversationSource("freecodecamp-solutions")).name, "freecodecamp-solutions");
  await assert.rejects(conversationSource("nonesuch"), {
    name: "UsageError",
    message: /"nonesuch" does not exist/,
  });
});
