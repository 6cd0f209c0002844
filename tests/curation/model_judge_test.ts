import assert from "node:assert/strict";
import { createWasmForward } from "../../lib/backends/wasm.ts";
import { askLlm } from "../../lib/curation/ask_llm.ts";
import { createModelJudge } from "../../lib/curation/model_judge.ts";
import type { Prompt } from "../../lib/curation/prompt.ts";
import { scoreShard } from "../../lib/curation/scores.ts";
import { MODEL_SIZES } from "../../lib/model/config.ts";
import { initialise } from "../../lib/model/initialise.ts";
import { encodePrompt } from "../../lib/tokenizer/chat.ts";
import { openTokenizer } from "../../lib/tokenizer/tokenizer.ts";
import { inDirectory } from "../core/temporary.ts";
import { documentOf, streamOf } from "./documents.ts";

const PROMPT: Prompt = { name: "own", before: "###\n", after: "\n###\nGood? Answer:", hash: "0" };

const CONFIG = {
  ...MODEL_SIZES["140m"],
  vocabularySize: 512,
  width: 16,
  layers: 1,
  heads: 2,
  keyValueHeads: 1,
  headSize: 8,
  feedForwardWidth: 16,
  maxPositions: 96,
};

async function openModel(seed = 1, initializerRange = 0.3) {
  const weights = initialise({ ...CONFIG, initializerRange }, seed);
  const backend = await createWasmForward(CONFIG, weights, { workers: 1, blas: "off" });
  return { backend, weights, tokenizer: await openTokenizer("llama3-512") };
}

Deno.test("createModelJudge() gives the model's probabilities after the prompt, alone or among others", async () => {
  const { backend, weights, tokenizer } = await openModel();
  await using _ = backend;
  for (const format of ["plain", "chat"] as const) {
    const judge = createModelJudge(backend, weights, tokenizer, { format, maxTokens: 96, batchSize: 4 });
    const texts = ["two and two", "a much longer document with more words in it"];
    const judgements = await judge.judge(PROMPT, texts.map((text) => documentOf(text)));
    for (const [i, text] of texts.entries()) {
      const tokens = Uint32Array.from(
        format === "chat"
          ? encodePrompt([{ role: "user", content: `###\n${text}\n###\nGood? Answer:` }], tokenizer)
          : [tokenizer.special.beginOfText, ...tokenizer.encode(`###\n${text}\n###\nGood? Answer:\n`)],
      );
      const logits = await backend.logits({ sequences: 1, length: tokens.length, tokens }, "last");
      const sum = logits.reduce((total, logit) => total + Math.exp(logit), 0);
      for (const [digit, found] of [["1", judgements[i]!.one], ["0", judgements[i]!.zero]] as const) {
        const expected = Math.exp(logits[tokenizer.encode(digit)[0]!]!) / sum;
        assert.ok(Math.abs(found - expected) < 1e-6, `${format}, ${digit}: ${found}, ${expected}`);
      }
    }
  }
});

Deno.test("createModelJudge() cuts documents to their beginning, so that the question is always seen", async () => {
  const { backend, weights, tokenizer } = await openModel();
  await using _ = backend;
  const judge = createModelJudge(backend, weights, tokenizer, {
    format: "plain",
    maxTokens: 64,
    batchSize: 4,
  });
  const frame = 1 + tokenizer.countTokens(PROMPT.before) + tokenizer.countTokens(`${PROMPT.after}\n`);
  const long = "word ".repeat(200_000);
  const head = tokenizer.decode(tokenizer.encode(long).subarray(0, 64 - frame));
  const [whole, cut] = await judge.judge(PROMPT, [documentOf(long), documentOf(head)]);
  assert.deepEqual(whole, cut);
  const [one, same, other] = await judge.judge(
    PROMPT,
    ["A", "A", "B \ud800"].map((text) => documentOf(text)),
  );
  assert.deepEqual(one, same);
  assert.notDeepEqual(one, other);
});

Deno.test("createModelJudge() names its weights", async () => {
  const settings = { format: "plain", maxTokens: 96, batchSize: 4 } as const;
  const name = async (seed: number) => {
    const { backend, weights, tokenizer } = await openModel(seed);
    await using _ = backend;
    return createModelJudge(backend, weights, tokenizer, settings).name;
  };
  assert.match(await name(1), /^own model [0-9a-f]{16}, llama3-512, plain, 96 tokens$/);
  assert.equal(await name(1), await name(1));
  assert.notEqual(await name(1), await name(2));
});

Deno.test("createModelJudge() refuses what does not fit the model", async () => {
  const { backend, weights, tokenizer } = await openModel();
  await using _ = backend;
  const settings = { format: "plain", maxTokens: 96, batchSize: 4 } as const;
  assert.throws(() => createModelJudge(backend, weights, tokenizer, { ...settings, maxTokens: 97 }), {
    name: "UsageError",
    message: "maxTokens is 97, expected a whole number up to the model's 96.",
  });
  const judge = createModelJudge(backend, weights, tokenizer, { ...settings, maxTokens: 8 });
  await assert.rejects(judge.judge(PROMPT, [documentOf("a")]), {
    name: "UsageError",
    message: /^Prompt "own" has \d+ tokens, which leaves none of 8 for a document\.$/,
  });
});

Deno.test("an untrained model's answers are noise, and scoring with it is an error", () =>
  inDirectory(async (directory) => {
    const { backend, weights, tokenizer } = await openModel(1, 0.02);
    await using _ = backend;
    const judge = createModelJudge(backend, weights, tokenizer, {
      format: "plain",
      maxTokens: 96,
      batchSize: 4,
    });
    await assert.rejects(scoreShard(streamOf(["a", "b"]), askLlm(judge, PROMPT), `${directory}/own`), {
      name: "RunError",
      message: /^ask-llm\/own gave none of the first 2 documents a score: it says neither 1 nor 0/,
    });
  }));
