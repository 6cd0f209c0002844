import assert from "node:assert/strict";
import { openBackend } from "../../lib/backends/open.ts";
import { scoreCloze } from "../../lib/eval/cloze_score.ts";
import { openTokenizer } from "../../lib/tokenizer/tokenizer.ts";
import { SMALL_MODEL, start } from "../backends/small_model.ts";

Deno.test("scoreCloze() puts all sources first and is near chance for random weights", async () => {
  const config = { ...SMALL_MODEL, vocabularySize: 512, maxPositions: 256 };
  await using backend = await start(await openBackend("wasm", config, { blas: "off", workers: 1 }));
  const texts = ["a", "b"].flatMap((source) =>
    Array.from({ length: 24 }, (_, i) => ({
      id: `${source}${i}`,
      source,
      text: Array.from({ length: 44 }, (_, word) => (i * 37 + word * word * 11 + source.length) % 97).join(
        " ",
      ),
    }))
  );
  const scores = await scoreCloze(backend, await openTokenizer("llama3-512"), texts, {
    window: 256,
    seed: 1,
    signal: new AbortController().signal,
  });
  assert.deepEqual(scores.map(({ source, questions }) => [source, questions]), [[null, 32], ["a", 16], [
    "b",
    16,
  ]]);
  const [all] = scores;
  assert.ok(all !== undefined && all.value < 0.6 && all.choices === 4);
});

Deno.test("scoreCloze() leaves out questions that a window has no room for", async () => {
  const config = { ...SMALL_MODEL, vocabularySize: 512, maxPositions: 256 };
  await using backend = await start(await openBackend("wasm", config, { blas: "off", workers: 1 }));
  const words = (length: number) => Array.from({ length: 44 }, (_, i) => String(i).repeat(length)).join(" ");
  const texts = [{ id: "short", source: "a", text: words(1) }, { id: "long", source: "a", text: words(9) }];
  const tokenizer = await openTokenizer("llama3-512");
  const ask = async (window: number) =>
    await scoreCloze(backend, tokenizer, texts, { window, seed: 1, signal: new AbortController().signal });
  assert.deepEqual((await ask(256)).map(({ questions }) => questions), [2, 2]);
  assert.deepEqual((await ask(64)).map(({ questions }) => questions), [1, 1]);
  assert.deepEqual(await ask(4), []);
});
