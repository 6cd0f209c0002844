import assert from "node:assert/strict";
import { timeChart } from "../../lib/figures/time_chart.ts";
import { draw } from "./svg.ts";

Deno.test("timeChart() keeps the order of the stages and says which were done earlier", async () => {
  const { texts } = await draw(timeChart([
    { title: "Shards", seconds: 24.8, skipped: true },
    { title: "Pretraining", seconds: 81.7, skipped: false },
    { title: "Evaluation", seconds: 6.44, skipped: false },
  ]));
  assert.deepEqual(texts.filter((text) => text !== "Time"), [
    "Shards",
    "Pretraining",
    "Evaluation",
    "25s (earlier)",
    "1m 22s",
    "6.4s",
  ]);
});
