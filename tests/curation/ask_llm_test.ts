import assert from "node:assert/strict";
import { askLlm, type Judgement, scoreOf } from "../../lib/curation/ask_llm.ts";
import { loadPrompt } from "../../lib/curation/prompt.ts";
import { scoreShard } from "../../lib/curation/scores.ts";
import { inDirectory } from "../core/temporary.ts";
import { documentOf, streamOf } from "./documents.ts";

const judgeOf = (judgement: Judgement) => ({
  name: "stub",
  batchSize: 4,
  judge: (_: unknown, documents: readonly unknown[]) => Promise.resolve(documents.map(() => judgement)),
});

Deno.test("scoreOf() is the share of 1 among the two answers, and nothing where the judge says neither", () => {
  assert.equal(scoreOf({ one: 0.3, zero: 0.1 }), 0.3 / 0.4);
  assert.equal(scoreOf({ one: 1, zero: 0 }), 1);
  assert.equal(scoreOf({ one: 0.02, zero: 0.01 }), null);
  assert.equal(scoreOf({ one: 0, zero: 0 }), null);
});

Deno.test("askLlm() carries the hash of its prompt and its judge into every score", async () => {
  const prompt = await loadPrompt("math");
  const scorer = askLlm(judgeOf({ one: 0.5, zero: 0.5 }), prompt);
  assert.equal(scorer.name, "ask-llm/math");
  assert.equal(scorer.provenance, `Ask-LLM, prompt math ${prompt.hash}, judge stub`);
  assert.deepEqual(await scorer.score([documentOf("a"), documentOf("b")]), [0.5, 0.5]);
});

Deno.test("a judge that never says 1 or 0 is an error", () =>
  inDirectory(async (directory) => {
    const scorer = askLlm(judgeOf({ one: 1 / 4096, zero: 1 / 4096 }), await loadPrompt("code"));
    await assert.rejects(scoreShard(streamOf(["a", "b"]), scorer, `${directory}/own`), {
      name: "RunError",
      message:
        /^ask-llm\/code gave none of the first 2 documents a score: it says neither 1 nor 0 \(Ask-LLM, .*judge stub\)\.$/,
    });
  }));
