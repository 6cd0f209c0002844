import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import {
  canonicalJson,
  exists,
  fingerprint,
  hashFile,
  sha256,
  writeFileAtomic,
  writeJson,
} from "../../lib/core/artefacts.ts";
import { inDirectory, names } from "./temporary.ts";

/** SHA-256 of "abc" (FIPS 180-2, appendix B). */
const ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

Deno.test("sha256() of text and of its bytes is the published one", () => {
  assert.equal(sha256("abc"), ABC);
  assert.equal(sha256(new TextEncoder().encode("abc")), ABC);
});

Deno.test("hashFile() hashes more than its buffer", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "file");
    const bytes = Uint8Array.from({ length: 3_000_001 }, (_, i) => i * 31);
    await Deno.writeFile(path, bytes);
    assert.deepEqual(await hashFile(path), { sha256: sha256(bytes), bytes: 3_000_001 });
  }));

Deno.test("canonicalJson() does not depend on the order of keys", () => {
  assert.equal(canonicalJson({ b: [{ d: 1, c: null }], a: "x" }), '{"a":"x","b":[{"c":null,"d":1}]}');
  fc.assert(fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
    const reversed = Object.fromEntries(Object.entries(value).reverse());
    assert.equal(canonicalJson(reversed), canonicalJson(value));
    assert.equal(fingerprint(reversed), fingerprint(value));
    assert.deepEqual(JSON.parse(canonicalJson(value)), JSON.parse(JSON.stringify(value)));
  }));
});

Deno.test("canonicalJson() keeps the order of arrays", () => {
  assert.notEqual(canonicalJson([1, 2]), canonicalJson([2, 1]));
});

Deno.test("writeFileAtomic() writes text, bytes, and what a function writes, and makes directories", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "new", "deeper", "file");
    await writeFileAtomic(path, "täxt");
    assert.equal(await Deno.readTextFile(path), "täxt");
    await writeFileAtomic(path, Uint8Array.of(1, 2));
    assert.deepEqual(await Deno.readFile(path), Uint8Array.of(1, 2));
    await writeFileAtomic(path, async (file) => {
      await file.write(Uint8Array.of(3));
    });
    assert.deepEqual(await Deno.readFile(path), Uint8Array.of(3));
    assert.deepEqual(await names(join(directory, "new", "deeper")), ["file"]);
  }));

Deno.test("writeFileAtomic() keeps the old file, and nothing else, where the writer fails", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "file");
    await writeFileAtomic(path, "old");
    const failing = writeFileAtomic(path, async (file) => {
      await file.write(new TextEncoder().encode("half of the ne"));
      throw new Error("disk full");
    });
    await assert.rejects(failing, new Error("disk full"));
    assert.equal(await Deno.readTextFile(path), "old");
    assert.deepEqual(await names(directory), ["file"]);
  }));

Deno.test("writeFileAtomic() shows a reader the old file until the new one is whole", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "file");
    await writeFileAtomic(path, "old");
    await writeFileAtomic(path, async (file) => {
      await file.write(new TextEncoder().encode("new"));
      assert.equal(await Deno.readTextFile(path), "old");
    });
    assert.equal(await Deno.readTextFile(path), "new");
  }));

Deno.test("writeFileAtomic() leaves no temporary file where the place is a directory", () =>
  inDirectory(async (directory) => {
    await Deno.mkdir(join(directory, "taken", "inner"), { recursive: true });
    await assert.rejects(writeFileAtomic(join(directory, "taken"), "x"));
    assert.deepEqual(await names(directory), ["taken"]);
  }));

Deno.test("writeJson() writes what JSON.parse reads, with a last line break", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "value.json");
    await writeJson(path, { a: [1, "ü"] });
    const text = await Deno.readTextFile(path);
    assert.deepEqual(JSON.parse(text), { a: [1, "ü"] });
    assert.ok(text.endsWith("}\n"));
  }));

Deno.test("exists() finds files and directories, and nothing below a file", () =>
  inDirectory(async (directory) => {
    await Deno.writeTextFile(join(directory, "file"), "");
    assert.deepEqual(
      await Promise.all([".", "file", "missing", "file/below"].map((name) => exists(join(directory, name)))),
      [true, true, false, false],
    );
  }));
