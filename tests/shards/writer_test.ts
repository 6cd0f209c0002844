import assert from "node:assert/strict";
import { join } from "node:path";
import { sha256 } from "../../lib/core/artefacts.ts";
import { UsageError } from "../../lib/core/errors.ts";
import { SafetensorsFile } from "../../lib/core/safetensors.ts";
import { writeShards } from "../../lib/shards/writer.ts";
import { openTokenizer } from "../../lib/tokenizer/tokenizer.ts";
import { characterTokenizer, concatenated, documents } from "./support.ts";
import { inDirectory, names } from "../core/temporary.ts";

const options = { source: "letters", maxTokensPerShard: 8 };

Deno.test("writeShards() closes a file before the document that would exceed its size", () =>
  inDirectory(async (directory) => {
    const index = await writeShards(
      directory,
      documents("ab", "cd", "e", "a long document", "f"),
      characterTokenizer(),
      options,
    );
    assert.deepEqual(index.shards.map(({ file, tokens, documents }) => ({ file, tokens, documents })), [
      { file: "00000.safetensors", tokens: 8, documents: 2 },
      { file: "00001.safetensors", tokens: 3, documents: 1 },
      { file: "00002.safetensors", tokens: 17, documents: 1 },
      { file: "00003.safetensors", tokens: 3, documents: 1 },
    ]);
    assert.deepEqual([index.tokens, index.documents], [31, 5]);
    assert.deepEqual(JSON.parse(await Deno.readTextFile(join(directory, "index.json"))), index);
    assert.deepEqual(await names(directory), [...index.shards.map(({ file }) => file), "index.json"]);
  }));

Deno.test("writeShards() puts each document between beginOfText and endOfText, with its start", () =>
  inDirectory(async (directory) => {
    const { shards } = await writeShards(directory, documents("ab", "", "c"), characterTokenizer(), {
      ...options,
      maxTokensPerShard: 100,
    });
    using file = await SafetensorsFile.open(join(directory, "00000.safetensors"));
    const tokens = await file.readBytes("tokens"), starts = await file.readBytes("documents");
    assert.deepEqual([...new Uint16Array(tokens.buffer)], concatenated("ab", "", "c"));
    assert.deepEqual([...new Uint32Array(starts.buffer)], [0, 4, 6]);
    assert.deepEqual(file.metadata, {
      format: "1",
      source: "letters",
      tokenizer: "characters-256",
      tokens: "9",
      documents: "3",
      sha256: sha256(new Uint8Array([...tokens, ...starts])),
    });
    assert.equal(shards[0]?.sha256, file.metadata["sha256"]);
  }));

for (const [size, dtype] of [[65_536, "U16"], [65_537, "U32"]] as const) {
  Deno.test(`writeShards() writes ${dtype} for ${size} ids`, () =>
    inDirectory(async (directory) => {
      await writeShards(directory, documents("abc"), characterTokenizer(size), options);
      using file = await SafetensorsFile.open(join(directory, "00000.safetensors"));
      assert.equal(file.info("tokens").dtype, dtype);
    }));
}

Deno.test("writeShards() writes the same bytes for the same documents", () =>
  inDirectory(async (directory) => {
    const tokenizer = await openTokenizer("llama3-4096");
    const text = await Deno.readTextFile(new URL("./writer_test.ts", import.meta.url));
    for (const run of ["a", "b"]) {
      await writeShards(join(directory, run), documents(text, "x", text), tokenizer, {
        source: "code",
        maxTokensPerShard: 2000,
      });
    }
    for (const name of await names(join(directory, "a"))) {
      assert.deepEqual(
        await Deno.readFile(join(directory, "a", name)),
        await Deno.readFile(join(directory, "b", name)),
      );
    }
  }));

Deno.test("writeShards() replaces what an earlier run left, and nothing else", () =>
  inDirectory(async (directory) => {
    await writeShards(directory, documents("aaaaaa", "bbbbbb", "cccccc"), characterTokenizer(), options);
    await Deno.writeTextFile(join(directory, ".00002.safetensors.7.partial"), "half");
    await Deno.writeTextFile(join(directory, ".index.json.7.partial"), "half");
    await Deno.writeTextFile(join(directory, "notes.txt"), "kept");
    await writeShards(directory, documents("d"), characterTokenizer(), options);
    assert.deepEqual(await names(directory), ["00000.safetensors", "index.json", "notes.txt"]);
  }));

Deno.test("writeShards() leaves nothing where the documents fail", () =>
  inDirectory(async (directory) => {
    async function* failing() {
      yield* documents("aaaaaa", "bbbbbb");
      throw new Error("line 3 is broken");
    }
    await writeShards(directory, documents("old"), characterTokenizer(), options);
    await assert.rejects(
      writeShards(directory, failing(), characterTokenizer(), options),
      new Error("line 3 is broken"),
    );
    assert.deepEqual(await names(directory), []);
  }));

Deno.test("writeShards() stops between documents when its signal aborts", () =>
  inDirectory(async (directory) => {
    const controller = new AbortController();
    const seen: unknown[] = [];
    const writing = writeShards(directory, documents("aaaaaa", "bbbbbb", "cccccc"), characterTokenizer(), {
      ...options,
      signal: controller.signal,
      onProgress: (done) => {
        seen.push(done);
        if (done.documents === 2) controller.abort(new Error("stopped"));
      },
    });
    await assert.rejects(writing, new Error("stopped"));
    assert.deepEqual(seen, [{ documents: 1, tokens: 8 }, { documents: 2, tokens: 16 }]);
    assert.deepEqual(await names(directory), []);
  }));

Deno.test("writeShards() refuses a source without documents", () =>
  inDirectory(async (directory) => {
    await assert.rejects(
      writeShards(directory, documents(), characterTokenizer(), options),
      new UsageError('Source "letters" has no documents to tokenise.'),
    );
    assert.deepEqual(await names(directory), []);
  }));

for (const maxTokensPerShard of [0, -1, 1.5, NaN, 2 ** 31]) {
  Deno.test(`writeShards() refuses shards of ${maxTokensPerShard} tokens`, () =>
    inDirectory(async (directory) => {
      await assert.rejects(
        writeShards(directory, documents("a"), characterTokenizer(), { ...options, maxTokensPerShard }),
        new UsageError(`maxTokensPerShard is ${maxTokensPerShard}, expected a whole number in 1 … 2^31 − 1.`),
      );
    }));
}
