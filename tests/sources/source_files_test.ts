import assert from "node:assert/strict";
import { join } from "node:path";
import { readDocuments } from "../../lib/sources/read.ts";
import { sourceFiles } from "../../lib/sources/source_files.ts";
import { parseSourceSpec } from "../../lib/sources/spec.ts";
import { inDirectory } from "../core/temporary.ts";

const specOf = (reader: object, limits = {}) =>
  parseSourceSpec(
    { name: "own", domain: "other", licence: "MIT", description: "", reader, limits },
    "/own.json",
  );

/** A folder of three files, the last of which has no documents. */
function withFolder(test: (path: string) => Promise<void>): Promise<void> {
  return inDirectory(async (path) => {
    await Deno.writeTextFile(join(path, "a.jsonl"), '{"text":"one"}\n{"text":"two"}\n');
    await Deno.mkdir(join(path, "b"));
    await Deno.writeTextFile(join(path, "b", "c.md"), "# Three");
    await Deno.writeTextFile(join(path, "d.png"), "PNG");
    await test(path);
  });
}

Deno.test("sourceFiles() gives a folder's files, which together are the source", () =>
  withFolder(async (path) => {
    for (const reader of [{ kind: "directory", path }, hub(path)]) {
      const spec = specOf(reader);
      const files = await sourceFiles(spec, {});
      assert.deepEqual(files.map(({ path, bytes }) => [path, bytes]).slice(0, 2), [
        ["a.jsonl", 30],
        ["b/c.md", 7],
      ]);
      const whole = await Array.fromAsync(readDocuments(spec));
      const parts = await Promise.all(
        files.map((file) => Array.fromAsync(readDocuments(spec, { files: [file] }))),
      );
      assert.equal(whole.length, 3);
      assert.deepEqual(parts.flat(), whole);
    }
  }));

/** A data set of the hub that was put there by hand. */
function hub(path: string) {
  return { kind: "hub", repository: "own/set", files: ["a.jsonl", "b/*"], path };
}

Deno.test("sourceFiles() divides neither a file, nor a package, nor a source that stops somewhere", () =>
  withFolder(async (path) => {
    const one = async (reader: object, limits = {}) => {
      const files = await sourceFiles(specOf(reader, limits), {});
      assert.equal(files.length, 1);
      return files[0]?.bytes ?? 0;
    };
    assert.equal(await one({ kind: "jsonl", path: join(path, "a.jsonl") }), 30);
    assert.equal(await one({ kind: "directory", path: join(path, "a.jsonl") }), 30);
    assert.equal(await one({ kind: "directory", path }, { documents: 1 }), 40);
    assert.ok(await one({ kind: "word-problems", texts: "facts", count: 3 }) > 0);
    assert.equal((await sourceFiles(specOf({ kind: "directory", path }, { share: 0.5 }), {})).length, 3);
    await assert.rejects(one({ kind: "jsonl", path: join(path, "none.jsonl") }), {
      name: "UsageError",
      message: /none\.jsonl does not exist\.$/,
    });
  }));
