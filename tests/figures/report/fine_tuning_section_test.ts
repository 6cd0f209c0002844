import assert from "node:assert/strict";
import { fineTuningSection } from "../../../lib/figures/report/fine_tuning_section.ts";
import { SAMPLE } from "../sample_report.ts";

Deno.test("fineTuningSection() tells what became of answers and prompts, with signs; without stages it is empty", () => {
  const { content } = fineTuningSection(SAMPLE);
  const text = content.map(({ text }) => text).join("");
  for (
    const part of ["answers", "4.512", "3.204", "−1.308", "prompts", "+0.092", "Fine-tuning on solutions"]
  ) {
    assert.ok(text.includes(part), part);
  }
  assert.deepEqual(fineTuningSection({ ...SAMPLE, fineTuning: [] }).content, []);
});

Deno.test("fineTuningSection() has a table a stage, conversations before text", () => {
  const change = { before: 4, after: 3 };
  const fineTuning = ["sft", "reasoning"].flatMap((stage) =>
    ["code", "answers", "prompts"].map((probe) => ({ stage, probe, ...change }))
  );
  const { content } = fineTuningSection({ ...SAMPLE, fineTuning });
  const rows = content.map(({ text }) =>
    Array.from(text.matchAll(/scope="row">(\w+)</g), ([, probe]) => probe)
  );
  assert.deepEqual(rows, [["answers", "prompts", "code"], ["answers", "prompts", "code"]]);
});
