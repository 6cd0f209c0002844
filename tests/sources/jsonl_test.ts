import assert from "node:assert/strict";
import fc from "fast-check";
import { UsageError } from "../../lib/core/errors.ts";
import { isJsonLines, readJsonl, scalarFields } from "../../lib/sources/jsonl.ts";
import { temporaryDirectory } from "./temporary_directory.ts";

async function read(text: string, textField?: string) {
  await using directory = await temporaryDirectory({ "a.jsonl": text });
  return await Array.fromAsync(readJsonl(`${directory.path}/a.jsonl`, textField));
}

Deno.test("isJsonLines() knows the usual names", () => {
  for (const name of ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst", "a.ndjson", "a.json.gz"]) {
    assert.ok(isJsonLines(name), name);
  }
  for (const name of ["a.json", "a.gz", "jsonl", "a.jsonl.xz", "a.jsonlzst"]) {
    assert.ok(!isJsonLines(name), name);
  }
});

Deno.test("readJsonl() finds the text, the licence and the scalar fields", async () => {
  const documents = await read(
    '{"text": "a", "n": 1}\n\n{"content": "b", "license": "MIT"}\n{"raw_content": "c", "meta": {"license": "CC0-1.0"}}\n',
  );
  assert.deepEqual(documents, [
    { text: "a", metadata: { n: 1 } },
    { text: "b", licence: "MIT", metadata: { license: "MIT" } },
    { text: "c", licence: "CC0-1.0", metadata: {} },
  ]);
  assert.deepEqual(await read('{"text": "a", "body": "b"}', "body"), [{
    text: "b",
    metadata: { text: "a" },
  }]);
});

Deno.test("readJsonl() names file and line of what is wrong", async () => {
  await assert.rejects(read('{"text": "a"}\n{"text": "b"\n'), {
    name: "UsageError",
    message: /a\.jsonl, line 2: the line is no valid JSON/,
  });
  await assert.rejects(read("\n[1]\n"), { message: /line 2: the line is \[1\], expected a JSON object/ });
  await assert.rejects(read('{"title": "a", "body": 3}'), {
    message: /line 1: no text in field "text", "content", "raw_content"; it has "title", "body"/,
  });
  await assert.rejects(read('{"text": "a"}', "body"), { message: /no text in field "body"; it has "text"/ });
});

Deno.test("readJsonl() refuses lines that are no UTF-8", async () => {
  await using directory = await temporaryDirectory({ "a.jsonl": Uint8Array.of(0x7b, 0xff, 0x7d) });
  await assert.rejects(Array.fromAsync(readJsonl(`${directory.path}/a.jsonl`)), {
    message: /line 1: .* no UTF-8/,
  });
});

Deno.test("scalarFields() leaves out the text, objects and long strings", () => {
  assert.deepEqual(scalarFields({ text: "t", a: null, b: true, c: [1], d: "x".repeat(201) }, "text"), {
    a: null,
    b: true,
  });
});

Deno.test("readJsonl() reads any bytes or says in a UsageError that it cannot", async () => {
  const pieces = fc.oneof(
    fc.constantFrom('{"text": "', '"}', "\n", "{", "[", "null", "\\", "\ud800"),
    fc.string(),
  );
  await using directory = await temporaryDirectory();
  const path = `${directory.path}/a.jsonl`;
  await fc.assert(
    fc.asyncProperty(fc.array(pieces), fc.uint8Array({ maxLength: 3 }), async (parts, tail) => {
      await Deno.writeFile(path, new Uint8Array([...new TextEncoder().encode(parts.join("")), ...tail]));
      try {
        for await (const { text } of readJsonl(path)) assert.equal(typeof text, "string");
      } catch (error) {
        assert.ok(error instanceof UsageError, String(error));
      }
    }),
  );
});
