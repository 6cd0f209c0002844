import assert from "node:assert/strict";
import { decodeText, isTextFile, walkFiles } from "../../lib/sources/files.ts";
import { temporaryDirectory } from "./temporary_directory.ts";

Deno.test("walkFiles() is sorted and passes over hidden files and node_modules", async () => {
  await using directory = await temporaryDirectory({
    "b/z.txt": "",
    "b/a.txt": "",
    "a.txt": "",
    "C.txt": "",
    ".git/config": "",
    ".hidden": "",
    "node_modules/x/index.js": "",
  });
  assert.deepEqual(await Array.fromAsync(walkFiles(directory.path)), [
    "C.txt",
    "a.txt",
    "b/a.txt",
    "b/z.txt",
  ]);
  assert.deepEqual(await Array.fromAsync(walkFiles(directory.path, "b")), ["b/a.txt", "b/z.txt"]);
});

Deno.test("isTextFile() goes by the extension", () => {
  for (const name of ["a.md", "a.tex", "a.PY", "a.txt", "b/c.rs"]) assert.ok(isTextFile(name), name);
  for (const name of ["a.png", "md", "a.json", "Makefile"]) assert.ok(!isTextFile(name), name);
});

Deno.test("decodeText() refuses NUL and invalid UTF-8", () => {
  assert.equal(decodeText(new TextEncoder().encode("naïve")), "naïve");
  assert.equal(decodeText(Uint8Array.of(0x61, 0, 0x62)), null);
  assert.equal(decodeText(Uint8Array.of(0x61, 0xe9, 0x62)), null);
});
