import assert from "node:assert/strict";
import { documentId } from "../../lib/sources/document.ts";
import { readDocuments } from "../../lib/sources/read.ts";
import { loadSourceSpecs, type SourceSpec } from "../../lib/sources/spec.ts";
import { temporaryDirectory } from "./temporary_directory.ts";

function jsonl(path: string, limits: Partial<SourceSpec["limits"]> = {}): SourceSpec {
  return {
    name: "own",
    domain: "other",
    licence: "MIT",
    description: "",
    reader: { kind: "jsonl", path },
    limits: { share: 1, ...limits },
  };
}

const lines = (texts: readonly string[]) => texts.map((text) => JSON.stringify({ text }) + "\n").join("");

Deno.test("readDocuments() identifies documents and passes over blank ones", async () => {
  await using directory = await temporaryDirectory({ "a.jsonl": lines(["a", " \n", "b"]) });
  assert.deepEqual(await Array.fromAsync(readDocuments(jsonl(`${directory.path}/a.jsonl`))), [
    { id: documentId("a"), source: "own", text: "a", licence: "MIT", metadata: {} },
    { id: documentId("b"), source: "own", text: "b", licence: "MIT", metadata: {} },
  ]);
});

Deno.test("readDocuments() keeps a share by the documents' ids, whatever their order", async () => {
  const texts = Array.from({ length: 1000 }, (_, i) => `document ${i}`);
  await using directory = await temporaryDirectory({
    "a.jsonl": lines(texts),
    "b.jsonl": lines(texts.toReversed()),
  });
  const ids = async (file: string) => {
    const documents = readDocuments(jsonl(`${directory.path}/${file}`, { share: 0.3 }));
    return (await Array.fromAsync(documents)).map(({ id }) => id);
  };
  const kept = await ids("a.jsonl");
  assert.ok(kept.length > 250 && kept.length < 350, `${kept.length} of 1000`);
  assert.deepEqual((await ids("b.jsonl")).sort(), kept.toSorted());
});

Deno.test("readDocuments() stops at its limits and splits long documents", async () => {
  await using directory = await temporaryDirectory({ "a.jsonl": lines(["a".repeat(250), "b", "c"]) });
  const read = async (limits: Partial<SourceSpec["limits"]>) => {
    const documents = await Array.fromAsync(readDocuments(jsonl(`${directory.path}/a.jsonl`, limits)));
    return documents.map(({ text, metadata }) => [text.length, metadata]);
  };
  assert.deepEqual(await read({ documents: 2 }), [[250, {}], [1, {}]]);
  assert.deepEqual(await read({ characters: 250 }), [[250, {}]]);
  assert.deepEqual(await read({ documentCharacters: 100, documents: 4 }), [
    [100, { part: 1, parts: 3 }],
    [100, { part: 2, parts: 3 }],
    [50, { part: 3, parts: 3 }],
    [1, {}],
  ]);
});

Deno.test("readDocuments() says that a source is empty", async () => {
  await using directory = await temporaryDirectory({ "a.jsonl": "\n", "folder/x.png": "" });
  await assert.rejects(Array.fromAsync(readDocuments(jsonl(`${directory.path}/a.jsonl`))), {
    name: "UsageError",
    message: `Source "own" is empty: ${directory.path}/a.jsonl gave no documents.`,
  });
  const folder = { ...jsonl(""), reader: { kind: "directory" as const, path: `${directory.path}/folder` } };
  await assert.rejects(Array.fromAsync(readDocuments(folder)), { name: "UsageError", message: /is empty/ });
});

Deno.test("readDocuments() stops when its signal says so", async () => {
  await using directory = await temporaryDirectory({ "a.jsonl": lines(["a", "b"]) });
  const controller = new AbortController();
  const documents = readDocuments(jsonl(`${directory.path}/a.jsonl`), { signal: controller.signal });
  await documents.next();
  controller.abort(new Error("stopped"));
  await assert.rejects(documents.next(), { message: "stopped" });
});

// Sizes in characters; a demo of minutes needs sources that are neither tiny nor huge.
for (const spec of await loadSourceSpecs()) {
  Deno.test(`readDocuments() reads ${spec.name}: real text, the same twice`, async () => {
    const documents = await Array.fromAsync(readDocuments(spec));
    const characters = documents.reduce((sum, { text }) => sum + text.length, 0);
    assert.ok(documents.length > 90, `${documents.length} documents`);
    assert.ok(characters > 150_000 && characters < 6_000_000, `${characters} characters`);
    assert.ok(documents.every(({ text }) => text.length <= (spec.limits.documentCharacters ?? Infinity)));
    const distinct = new Set(documents.map(({ id }) => id)).size;
    assert.ok(distinct > 0.9 * documents.length, `${distinct} of ${documents.length} documents are distinct`);
    // Markup that the extractors are there to remove.
    const noisy = documents.filter(({ text }) => /\ufffd|<\/(div|section)>\s*-->|&nbsp;|\ue000/.test(text));
    assert.ok(noisy.length <= 0.01 * documents.length, noisy[0]?.text.slice(0, 500));
    const again = await readDocuments(spec).next();
    assert.deepEqual(again.value, documents[0]);
  });
}
