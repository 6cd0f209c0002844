import assert from "node:assert/strict";
import { NARROW, WIDE } from "../../lib/figures/theme.ts";
import { validationChart } from "../../lib/figures/validation_chart.ts";
import { SAMPLE_VALIDATION } from "./sample_validation.ts";
import { draw } from "./svg.ts";

Deno.test("validationChart() names methods, ceiling, sources and what was dropped", async () => {
  // A subtitle of two lines is no single text.
  const said = (await draw(validationChart(SAMPLE_VALIDATION))).svg;
  for (
    const label of [
      ...SAMPLE_VALIDATION.datamodelling.methods.map(({ method }) => method),
      "another seed",
      "dashed: the ceiling that seeds set, 0.76",
      "0.30",
      "20 documents, 32 random halves, 2 seeds",
      "● code   ■ math   ▲ knowledge",
      "code without a source",
      "Spearman 0.80, seed to seed 0.90",
      "● Δ loss   ○ influence, scaled",
      ...SAMPLE_VALIDATION.leaveOneOut.flatMap(({ sources }) => sources.map(({ source }) => source)),
      "Without 10% of the 288 candidates",
      "the most helpful",
      "random ones",
      "the least helpful",
    ]
  ) {
    assert.ok(said.includes(label), label);
  }
});

Deno.test("validationChart() keeps to its width", async () => {
  for (const width of [WIDE, NARROW]) {
    const drawing = await draw(validationChart(SAMPLE_VALIDATION, width));
    assert.ok(drawing.width <= width, `${drawing.width} of ${width}`);
  }
});
