import assert from "node:assert/strict";
import { scalingChart } from "../../lib/figures/scaling_chart.ts";
import { draw } from "./svg.ts";

Deno.test("scalingChart() draws a panel for each size, with each point's speed", async () => {
  const { texts } = await draw(scalingChart([
    { axis: "width", size: 256, tokensPerSecond: 900_000 },
    { axis: "width", size: 128, tokensPerSecond: 1_234_567 },
    { axis: "length", size: 1024, tokensPerSecond: 345_678 },
    { axis: "vocabulary", size: 4096, tokensPerSecond: 500_400 },
  ]));
  for (
    const text of ["Width", "Sequence length", "Vocabulary", "128", "1.23M", "900k", "346k", "500k", "4.1k"]
  ) {
    assert.ok(texts.includes(text), text);
  }
});
