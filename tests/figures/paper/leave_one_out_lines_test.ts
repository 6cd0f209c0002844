import assert from "node:assert/strict";
import { leaveOneOutLines } from "../../../lib/figures/paper/leave_one_out_lines.ts";
import { draw } from "../svg.ts";

const impact = (left: string, probe: string, step: number, mean: number) => ({
  ...{ left, probe, step, mean },
  ...{ low: null, high: null, seeds: 1 },
});

Deno.test("leaveOneOutLines() labels every source's line in every panel, labels apart", async () => {
  const sources = ["pages", "speeches", "programs"];
  const impacts = ["code", "math"].flatMap((probe) =>
    sources.flatMap((left, i) => [impact(left, probe, 0, 0), impact(left, probe, 50, 0.1 + i / 1000)])
  );
  const { svg, texts } = await draw(leaveOneOutLines(impacts, new Map([["programs", "code"]])));
  for (const source of sources) assert.equal(texts.filter((text) => text === source).length, 2, source);
  const heights = Array.from(
    svg.matchAll(/translate\([\d.]+,([\d.]+)\)"[^>]*>(?:pages|speeches|programs)</g),
    ([, y]) => Number(y),
  ).slice(0, 3).sort((a, b) => a - b);
  assert.equal(heights.length, 3);
  assert.ok(heights.every((y, i) => i === 0 || y - (heights[i - 1] ?? 0) > 13 - 1e-9), heights.join());
});

Deno.test("leaveOneOutLines() tells sources of one domain apart by their dashes", async () => {
  const impacts = ["a", "b"].flatMap((left) => [impact(left, "code", 0, 0), impact(left, "code", 9, 1)]);
  const domains = new Map([["a", "code"], ["b", "code"]]);
  const { svg } = await draw(leaveOneOutLines(impacts, domains));
  assert.equal(svg.match(/stroke-dasharray="6,3"/g)?.length, 1);
});
