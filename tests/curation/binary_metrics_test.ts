import assert from "node:assert/strict";
import fc from "fast-check";
import { accuracyAt, areaUnderCurve } from "../../lib/curation/binary_metrics.ts";

const examples = fc.array(
  fc.record({ score: fc.integer({ min: 0, max: 6 }), label: fc.constantFrom(0, 1) }),
  {
    minLength: 2,
    maxLength: 30,
  },
);

Deno.test("areaUnderCurve() is the share of pairs in the right order", () => {
  fc.assert(fc.property(examples, (list) => {
    const [ones, zeros] = [1, 0].map((label) => list.filter((example) => example.label === label));
    fc.pre(ones!.length > 0 && zeros!.length > 0);
    let right = 0;
    for (const one of ones!) {
      for (const zero of zeros!) right += one.score > zero.score ? 1 : one.score === zero.score ? 0.5 : 0;
    }
    const area = areaUnderCurve(list.map(({ score }) => score), list.map(({ label }) => label));
    assert.ok(Math.abs(area - right / (ones!.length * zeros!.length)) < 1e-12);
  }));
});

Deno.test("areaUnderCurve() is not a number where a class is empty", () => {
  assert.ok(Number.isNaN(areaUnderCurve([1, 2], [1, 1])));
  assert.ok(Number.isNaN(areaUnderCurve([], [])));
});

Deno.test("accuracyAt() counts class 1 at or above the threshold", () => {
  assert.equal(accuracyAt(0.5, [0.5, 0.4, 0.9, 0.1], [1, 1, 0, 0]), 0.5);
});
