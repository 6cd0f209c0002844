import assert from "node:assert/strict";
import fc from "fast-check";
import { Tiktoken } from "tiktoken/lite";
import { UsageError } from "../../lib/core/errors.ts";
import { readLlama3Ranks } from "../../lib/tokenizer/ranks.ts";
import { openTokenizer } from "../../lib/tokenizer/tokenizer.ts";
import { documents } from "./golden.ts";

const NAMES = ["llama3", "llama3-4096"] as const;
const tokenizers = new Map(
  await Promise.all(NAMES.map(async (name) => [name, await openTokenizer(name)] as const)),
);
const of = (name: string) => tokenizers.get(name as typeof NAMES[number]) ?? assert.fail(name);

for (const name of NAMES) {
  Deno.test(`encode() of ${name} equals Hugging Face's tokenizers`, () => {
    assert.ok(documents.length > 300);
    for (const { text, ids } of documents) {
      assert.deepEqual([...of(name).encode(text)], ids[name], JSON.stringify(text));
    }
  });

  Deno.test(`encode() of ${name} equals tiktoken on any text`, async () => {
    const tokenizer = of(name);
    const ranks = await readLlama3Ranks(tokenizer.special.beginOfText);
    const oracle = new Tiktoken(
      ["!", "0", ...ranks.map((bytes) => btoa(bytes))].join(" "),
      {},
      // Llama 3's pattern as published.
      String
        .raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
    );
    try {
      const unit = fc.oneof(
        fc.constantFrom(
          "the ",
          "ing",
          "\n",
          "  ",
          "'s",
          "'LL",
          "123",
          "é",
          "中",
          "🤖",
          "\t",
          "\r\n",
          "==",
          "\u0085",
          "ſ",
        ),
        // Characters up to Unicode 15: what is a letter later depends on whose tables are newer.
        fc.string({ unit: "grapheme", maxLength: 5 }),
      );
      fc.assert(
        fc.property(fc.array(unit, { maxLength: 30 }), (units) => {
          const text = units.join("");
          assert.deepEqual([...tokenizer.encode(text)], [...oracle.encode_ordinary(text)]);
        }),
        { numRuns: 500 },
      );
    } finally {
      oracle.free();
    }
  });

  Deno.test(`decode() of ${name} gives back any valid text`, () => {
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
      assert.equal(of(name).decode(of(name).encode(text)), text);
    }));
    for (const text of [...documents.map(({ text }) => text), "\ufeffbyte order mark"]) {
      assert.equal(of(name).decode(of(name).encode(text)), text);
    }
  });

  Deno.test(`countTokens() of ${name} is the number of ids`, () => {
    for (const { text } of documents) assert.equal(of(name).countTokens(text), of(name).encode(text).length);
  });
}

Deno.test("openTokenizer() gives Llama 3.1's ids to the special tokens", () => {
  assert.equal(of("llama3").vocabularySize, 128_256);
  assert.deepEqual(of("llama3").special, {
    beginOfText: 128_000,
    endOfText: 128_001,
    startHeader: 128_006,
    endHeader: 128_007,
    endOfTurn: 128_009,
  });
});

Deno.test("openTokenizer() puts a proxy's special tokens at the end", () => {
  assert.equal(of("llama3-4096").vocabularySize, 4096);
  assert.deepEqual(of("llama3-4096").special, {
    beginOfText: 4091,
    endOfText: 4092,
    startHeader: 4093,
    endHeader: 4094,
    endOfTurn: 4095,
  });
});

Deno.test("openTokenizer() takes proxies from 512 entries to all ranks", async () => {
  assert.equal((await openTokenizer("llama3-512")).vocabularySize, 512);
  assert.equal((await openTokenizer("llama3-128004")).special.endOfTurn, 128_003);
});

for (
  const name of ["", "gpt2", "llama3-", "llama3-511", "llama3-128005", "llama3-04096", "llama3-4e3", "Llama3"]
) {
  Deno.test(`openTokenizer() refuses ${JSON.stringify(name)}`, async () => {
    await assert.rejects(openTokenizer(name), (error: Error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, new RegExp(`^Tokenizer "${name}" is unknown, expected "llama3"`));
      return true;
    });
  });
}

Deno.test("encode() keeps the names of special tokens as text", () => {
  const ids = of("llama3").encode("<|begin_of_text|><|eot_id|>");
  assert.ok(ids.every((id) => id < 128_000));
});

Deno.test("encode() turns a lone surrogate into U+FFFD", () => {
  for (const text of ["\ud800", "a\udc00b", "\udc00\ud800"]) {
    assert.deepEqual(of("llama3").encode(text), of("llama3").encode(text.toWellFormed()));
  }
});

Deno.test("encode() takes a megabyte of one letter in seconds", () => {
  const started = performance.now();
  // Llama 3's longest token of the letter a has 8 of them.
  assert.equal(of("llama3").encode("a".repeat(1_000_000)).length, 125_000);
  assert.ok(performance.now() - started < 20_000);
});

Deno.test("encode() gives the same ids when its memory of pieces overflows", () => {
  const character = (n: number) => String.fromCharCode(0x4e00 + n);
  const words = Array.from(
    { length: 140_000 },
    (_, i) => ` ${character(i % 20_000)}${character(Math.floor(i / 20_000))}`,
  );
  const ids = of("llama3-4096").encode(words.join(""));
  assert.equal(of("llama3-4096").decode(ids), words.join(""));
  // The first words are forgotten by now.
  const again = of("llama3-4096").encode(words.slice(0, 1000).join(""));
  assert.deepEqual(again, ids.slice(0, again.length));
});

Deno.test("decode() shows special tokens by name and broken UTF-8 as U+FFFD", () => {
  assert.equal(of("llama3").decode([128_000, 128_009, 128_008]), "<|begin_of_text|><|eot_id|><|eom_id|>");
  // No merge makes this character whole: its first token is a part of it.
  const [first = NaN, ...rest] = of("llama3").encode("\u{10ffff}");
  assert.ok(rest.length > 0);
  assert.equal(of("llama3").decode([first]), "\ufffd");
});

for (const id of [128_256, -1, 0.5, NaN]) {
  Deno.test(`decode() refuses the id ${id}`, () => {
    assert.throws(() => of("llama3").decode([id]), new RangeError(`Token id is ${id}, expected 0 … 128255.`));
  });
}
