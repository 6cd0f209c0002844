import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { writeJson } from "../../lib/core/artefacts.ts";
import { RunError, UsageError } from "../../lib/core/errors.ts";
import { openShards } from "../../lib/shards/reader.ts";
import { writeShards } from "../../lib/shards/writer.ts";
import { openTokenizer } from "../../lib/tokenizer/tokenizer.ts";
import { characterTokenizer, concatenated, documents, shardsOf } from "./support.ts";
import { inDirectory, names } from "../core/temporary.ts";

const texts = Array.from({ length: 40 }, (_, i) => "abcdefghij".repeat(3).slice(0, i % 13));
const numbers = texts.flatMap((text, document) => Array.from({ length: text.length + 2 }, () => document));

for (const vocabularySize of [256, 100_000]) {
  Deno.test(`read() and documentsOf() give any range, across files, with ${vocabularySize} ids`, () =>
    inDirectory(async (directory) => {
      using shards = await shardsOf(directory, "letters", texts, {
        tokenizer: characterTokenizer(vocabularySize),
      });
      const expected = concatenated(...texts);
      assert.deepEqual([shards.tokens, shards.documents], [expected.length, texts.length]);
      fc.assert(fc.property(fc.nat(expected.length), fc.nat(expected.length), (a, b) => {
        const start = Math.min(a, b), end = Math.max(a, b);
        assert.deepEqual([...shards.read(start, end - start)], expected.slice(start, end));
        assert.deepEqual([...shards.documentsOf(start, end - start)], numbers.slice(start, end));
      }));
    }));
}

Deno.test("read() gives back this project's sources, tokenised by Llama 3", () =>
  inDirectory(async (directory) => {
    const tokenizer = await openTokenizer("llama3");
    const folder = new URL("../../lib/core/", import.meta.url);
    const sources = await Promise.all(
      (await names(fileURLToPath(folder))).map((name) => Deno.readTextFile(new URL(name, folder))),
    );
    using shards = await shardsOf(directory, "code", sources, { tokenizer, maxTokensPerShard: 2000 });
    const tokens = shards.read(0, shards.tokens), numbers = shards.documentsOf(0, shards.tokens);
    sources.forEach((source, document) => {
      const own = tokens.filter((_, place) => numbers[place] === document);
      assert.equal(tokenizer.decode(own), `<|begin_of_text|>${source}<|end_of_text|>`);
    });
  }));

Deno.test("read() keeps few of many files open", () =>
  inDirectory(async (directory) => {
    using shards = await shardsOf(directory, "letters", texts, { maxTokensPerShard: 1 });
    const expected = concatenated(...texts);
    for (let round = 0; round < 2; round++) {
      expected.forEach((id, place) => assert.equal(shards.read(place, 1)[0], id));
    }
  }));

Deno.test("read() refuses a range outside the tokens", () =>
  inDirectory(async (directory) => {
    using shards = await shardsOf(directory, "letters", ["abc"]);
    for (const [start, count] of [[0, 6], [5, 1], [-1, 2], [NaN, 1]] as const) {
      assert.throws(() => shards.read(start, count), RangeError);
      assert.throws(() => shards.documentsOf(start, count), RangeError);
    }
    assert.equal(shards.read(5, 0).length, 0);
  }));

Deno.test("read() refuses a file that was truncated after it was opened", () =>
  inDirectory(async (directory) => {
    using shards = await shardsOf(directory, "letters", ["abc"]);
    await Deno.truncate(join(directory, "letters", "00000.safetensors"), 100);
    assert.throws(() => shards.read(0, 5), new RunError("A token shard was truncated while it was open."));
  }));

Deno.test("fingerprint changes with any token or boundary", () =>
  inDirectory(async (directory) => {
    const print = async (name: string, ...texts: string[]) => {
      using shards = await shardsOf(join(directory, name), "letters", texts);
      return shards.fingerprint;
    };
    const original = await print("1", "ab", "cd");
    assert.equal(await print("2", "ab", "cd"), original);
    assert.notEqual(await print("3", "ab", "ce"), original);
    // The same tokens with another boundary: the second document's marks are part of a text.
    assert.notEqual(await print("4", "ab\u0002\u0001cd"), original);
  }));

/** Writes shards, spoils them, and expects one sentence. */
function refuses(
  what: string,
  spoil: (directory: string) => Promise<void>,
  message: RegExp,
  options: { verify?: boolean } = {},
): void {
  Deno.test(`openShards() refuses ${what}`, () =>
    inDirectory(async (directory) => {
      await writeShards(directory, documents("abc", "de"), characterTokenizer(), {
        source: "letters",
        maxTokensPerShard: 5,
      });
      (await openShards(directory, { verify: true }))[Symbol.dispose]();
      await spoil(directory);
      await assert.rejects(openShards(directory, options), (error: Error) => {
        assert.ok(error instanceof UsageError, String(error));
        assert.match(error.message, message);
        return true;
      });
    }));
}

// deno-lint-ignore no-explicit-any -- the tests write any nonsense into it.
async function editIndex(directory: string, edit: (index: any) => void): Promise<void> {
  const path = join(directory, "index.json");
  const index = JSON.parse(await Deno.readTextFile(path));
  edit(index);
  await writeJson(path, index);
}

/** Changes the byte at a place counted from the end. */
async function flip(path: string, fromEnd: number): Promise<void> {
  const bytes = await Deno.readFile(path);
  bytes[bytes.length - fromEnd] = (bytes[bytes.length - fromEnd] ?? 0) ^ 1;
  await Deno.writeFile(path, bytes);
}

const second = "00001.safetensors";

refuses(
  "a directory without an index",
  (directory) => Deno.remove(join(directory, "index.json")),
  /index\.json does not exist, expected a finished directory of token shards\.$/,
);
refuses(
  "an index that is no JSON",
  (directory) => Deno.writeTextFile(join(directory, "index.json"), "{"),
  /index\.json is no JSON\.$/,
);
refuses("an index of another format", (directory) =>
  editIndex(directory, (index) => {
    index.format = 2;
  }), /index\.json is no index of token shards: format: /);
refuses("an index that names a file elsewhere", (directory) =>
  editIndex(directory, (index) => {
    index.shards[0].file = "../other.safetensors";
  }), /index\.json is no index of token shards: shards\.0\.file: /);
refuses("an index whose sums are wrong", (directory) =>
  editIndex(directory, (index) => {
    index.tokens++;
  }), /index\.json is altered: its shards hold 9 tokens, not 10\.$/);
refuses(
  "a missing file",
  (directory) => Deno.remove(join(directory, second)),
  /00001\.safetensors does not exist\.$/,
);
refuses(
  "a truncated file",
  (directory) => Deno.truncate(join(directory, second), 250),
  /00001\.safetensors is no valid safetensors file: /,
);
refuses("a file with another number of tokens", async (directory) => {
  await writeShards(join(directory, "other"), documents("f"), characterTokenizer(), {
    source: "letters",
    maxTokensPerShard: 5,
  });
  await Deno.rename(join(directory, "other", "00000.safetensors"), join(directory, second));
}, /00001\.safetensors has tokens "3", its index\.json says "4"\.$/);
refuses("a file of another source", async (directory) => {
  await writeShards(join(directory, "other"), documents("de"), characterTokenizer(), {
    source: "other",
    maxTokensPerShard: 5,
  });
  await Deno.rename(join(directory, "other", "00000.safetensors"), join(directory, second));
}, /00001\.safetensors has source "other", its index\.json says "letters"\.$/);
refuses("a file of another tokenizer", async (directory) => {
  await writeShards(join(directory, "other"), documents("de"), characterTokenizer(300), {
    source: "letters",
    maxTokensPerShard: 5,
  });
  await Deno.rename(join(directory, "other", "00000.safetensors"), join(directory, second));
}, /00001\.safetensors has tokenizer "characters-300", its index\.json says "characters-256"\.$/);
refuses("ids of another width", (directory) =>
  editIndex(directory, (index) => {
    index.vocabularySize = 70_000;
  }), /00000\.safetensors: tensor "tokens" is U16 \[5\], expected U32 \[5\]\.$/);
refuses(
  "document starts that do not begin at 0",
  (directory) => flip(join(directory, second), 4),
  /00001\.safetensors is altered: its document starts do not increase from 0 below 4\.$/,
);
refuses(
  "altered tokens, when it verifies",
  (directory) => flip(join(directory, second), 5),
  /00001\.safetensors is altered: its hash is not the one in index\.json\.$/,
  { verify: true },
);
