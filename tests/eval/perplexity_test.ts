import assert from "node:assert/strict";
import { AIME24 } from "../../lib/benchmarks/aime.ts";
import { ARC_EASY } from "../../lib/benchmarks/arc.ts";
import { GSM8K } from "../../lib/benchmarks/gsm8k.ts";
import { readItems } from "../../lib/benchmarks/read.ts";
import { UsageError } from "../../lib/core/errors.ts";
import { goldPerplexity } from "../../lib/eval/perplexity.ts";
import { HUB } from "../benchmarks/fixtures.ts";
import { stubSystem } from "./stub_system.ts";

const system = stubSystem({
  logLikelihood: ({ continuation }) => ({ sum: -continuation.length, tokens: 2 }),
});

Deno.test("goldPerplexity() asks for the right answer after its question", async () => {
  const gsm8k = goldPerplexity(GSM8K, await readItems(GSM8K, HUB), system);
  assert.equal(gsm8k.task, "gsm8k_perplexity");
  assert.deepEqual(gsm8k.questions[0]?.arguments, [[
    "Question: Ina has 3 pens and buys 4. How many has she?\nAnswer:",
    " She has 3+4=<<3+4=7>>7 pens.\n#### 7",
  ]]);
  const arc = goldPerplexity(ARC_EASY, await readItems(ARC_EASY, HUB), system);
  assert.deepEqual(arc.questions[1]?.arguments, [["Question: Which is a gas?\nAnswer:", " steam"]]);
  const samples = await Array.fromAsync(
    arc.ask([{ id: "Lake_2", sample: 0 }], new AbortController().signal),
  );
  assert.deepEqual(samples[0]?.metrics, { nll: 6, tokens: 2 });
});

Deno.test("goldPerplexity() refuses a benchmark without answers written out", async () => {
  const items = await readItems(AIME24, HUB);
  assert.throws(
    () => goldPerplexity(AIME24, items, system),
    (error) => error instanceof UsageError && /aime24 has no answers whose perplexity/.test(error.message),
  );
});
