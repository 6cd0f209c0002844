import assert from "node:assert/strict";
import { readDirectory } from "../../lib/sources/directory.ts";
import { temporaryDirectory } from "./temporary_directory.ts";

Deno.test("readDirectory() reads text, code and shards, and says what it skips", async () => {
  await using directory = await temporaryDirectory({
    "notes/a.md": "# A\n",
    "notes/b.tex": "\\section{B}\n",
    "code/c.py": "# SPDX-License-Identifier: MIT\n",
    "shard.jsonl": '{"text": "d"}\n',
    "image.png": Uint8Array.of(1, 2),
    "binary.txt": Uint8Array.of(0x61, 0),
  });
  const skipped: string[] = [];
  const documents = await Array.fromAsync(
    readDirectory(directory.path, { onSkip: (path, reason) => skipped.push(`${path}: ${reason}`) }),
  );
  assert.deepEqual(documents, [
    { text: "# SPDX-License-Identifier: MIT\n", licence: "MIT", metadata: { path: "code/c.py" } },
    { text: "# A\n", metadata: { path: "notes/a.md" } },
    { text: "\\section{B}\n", metadata: { path: "notes/b.tex" } },
    { text: "d", metadata: {} },
  ]);
  assert.deepEqual(skipped, [
    "binary.txt: it is binary or no UTF-8",
    "image.png: its extension is none of text or code",
  ]);
});

Deno.test("readDirectory() reads one file, and refuses one that is no text", async () => {
  await using directory = await temporaryDirectory({ "a.txt": "a", "b.png": "b" });
  assert.deepEqual(await Array.fromAsync(readDirectory(`${directory.path}/a.txt`)), [
    { text: "a", metadata: { path: "a.txt" } },
  ]);
  await assert.rejects(Array.fromAsync(readDirectory(`${directory.path}/b.png`)), {
    name: "UsageError",
    message: /b\.png cannot be read: its extension is none of text or code\./,
  });
  await assert.rejects(Array.fromAsync(readDirectory(`${directory.path}/c`)), {
    message: /c does not exist/,
  });
});
