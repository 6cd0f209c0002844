import assert from "node:assert/strict";
import { clozeSection } from "../../../lib/figures/report/cloze_section.ts";
import { SAMPLE } from "../sample_report.ts";

Deno.test("clozeSection() gives right answers by source and says what chance is; without questions it is empty", () => {
  const text = clozeSection(SAMPLE).content.map(({ text }) => text).join("");
  for (const part of ["one of 4 orders", "right 25% of the time", ">all<", ">69%<", ">±<", ">7%<", ">81%<"]) {
    assert.ok(text.includes(part), part);
  }
  assert.deepEqual(clozeSection({ ...SAMPLE, cloze: [] }).content, []);
});
