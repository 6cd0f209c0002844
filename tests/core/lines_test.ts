import assert from "node:assert/strict";
import { join } from "node:path";
import { RunError } from "../../lib/core/errors.ts";
import { readJsonLines } from "../../lib/core/lines.ts";

async function fileOf(text: string): Promise<string> {
  const path = join(await Deno.makeTempDir(), "lines.jsonl");
  await Deno.writeTextFile(path, text);
  return path;
}

Deno.test("readJsonLines() streams values across chunks, with or without a last line break", async () => {
  const long = "ü".repeat(100_000);
  const path = await fileOf(`{"a":1}\n${JSON.stringify(long)}\n[2]`);
  assert.deepEqual(await Array.fromAsync(readJsonLines(path)), [{ a: 1 }, long, [2]]);
});

Deno.test("readJsonLines() names file and line of what is no JSON", async () => {
  const path = await fileOf('{"a":1}\n{"a":\n');
  await assert.rejects(
    Array.fromAsync(readJsonLines(path)),
    (error) => error instanceof RunError && /lines\.jsonl: line 2/.test(error.message),
  );
});
