import assert from "node:assert/strict";
import { formatInteger, formatNats, formatPercent, formatPerplexity } from "../../lib/figures/format.ts";

Deno.test("formatInteger() groups thousands", () => {
  assert.equal(formatInteger(12_345_678), "12,345,678");
  assert.equal(formatInteger(0), "0");
});

Deno.test("formatPercent() keeps a digit that says something", () => {
  assert.deepEqual([63.75, 10.66, 0.03, 0.95, 0.949, 100, 0].map(formatPercent), [
    "63.8%",
    "10.7%",
    "0.03%",
    "0.9%",
    "0.95%",
    "100.0%",
    "0%",
  ]);
});

Deno.test("formatPerplexity() prints three digits", () => {
  assert.deepEqual([4.8312, 96.44, 412.7, 1234.5].map(formatPerplexity), ["4.83", "96.4", "413", "1,235"]);
});

Deno.test("formatNats() prints three decimals and a true minus", () => {
  assert.deepEqual([-0.12345, 0, 4.5].map(formatNats), ["−0.123", "0.000", "4.500"]);
});
