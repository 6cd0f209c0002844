import assert from "node:assert/strict";
import { midtrainingSection } from "../../../lib/figures/report/midtraining_section.ts";
import type { MidtrainingReport } from "../../../lib/figures/training_report.ts";
import { SAMPLE } from "../sample_report.ts";
import { SAMPLE_MIDTRAINING } from "../sample_training.ts";

async function textOf(midtraining: MidtrainingReport | null): Promise<string> {
  const { content } = await midtrainingSection({ ...SAMPLE, midtraining });
  return content.map(({ text }) => text).join("");
}

Deno.test("midtrainingSection() has both histograms, what is kept, both curves, RankMe and distillation", async () => {
  const text = await textOf(SAMPLE_MIDTRAINING);
  assert.equal(text.split("<figure").length - 1, 5);
  for (
    const part of [
      "stage 1: 8", // Percent above 0, of the first round …
      "stage 2: 8", // … and of the last.
      "Kept in round 1: 41 of 48 documents, round 2: 32 of 48 documents.",
      ">87.5%<", // 14 of 16.
      "original ",
      "sub-sampled ",
      "how many of 128 directions the representations of 128 held-out positions use",
      ">73.3<",
      "−0.300 (−0.500 … 0.100)",
    ]
  ) assert.ok(text.includes(part), part);
});

Deno.test("midtrainingSection() says which way the switches stood", async () => {
  assert.match(
    await textOf(SAMPLE_MIDTRAINING),
    /ended since all 2 stages are trained\. Teacher: none, cross-entropy alone\. Benchmarks’ train sets: not included\./,
  );
  const other = {
    ...SAMPLE_MIDTRAINING,
    teacher: "./teacher",
    benchmarkTrainSets: { included: true, share: 0.0097, names: ["gsm8k", "math"] },
  };
  assert.match(
    await textOf(other),
    /Teacher: \.\/teacher\. .* gsm8k, math, 1\.0% of the last round’s tokens\./,
  );
});

Deno.test("midtrainingSection() tells a run that ended before its first round, and is empty without mid-training", async () => {
  const [first] = SAMPLE_MIDTRAINING.rounds;
  assert.ok(first !== undefined);
  const text = await textOf({
    ...SAMPLE_MIDTRAINING,
    ...{ rounds: [{ ...first, trained: false }], curves: [], rankMe: [], distillation: null },
    stopped: "1.0% of the pool help, no more than 2%",
  });
  assert.match(text, /ended since 1\.0% of the pool help/);
  assert.ok(text.includes(">–<"));
  assert.equal(text.split("<figure").length - 1, 2);
  assert.equal(await textOf(null), "");
});
