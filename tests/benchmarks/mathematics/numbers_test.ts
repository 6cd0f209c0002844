import assert from "node:assert/strict";
import fc from "fast-check";
import { equalFractions, fractionOf } from "../../../lib/benchmarks/mathematics/numbers.ts";

Deno.test("fractionOf() reads numerals and plain fractions, and nothing else", () => {
  const value = (text: string) => {
    const fraction = fractionOf(text);
    return fraction && Number(fraction.numerator) / Number(fraction.denominator);
  };
  const cases: [string, number | undefined][] = [
    ["-12", -12],
    ["3.50", 3.5],
    [".5", 0.5],
    ["1,200", 1200],
    ["3/4", 0.75],
    [String.raw`\frac{3}{4}`, 0.75],
    [String.raw`-\frac34`, -0.75],
    [String.raw`\frac3{40}`, 0.075],
    ["1/0", undefined],
    ["", undefined],
    ["-", undefined],
    ["1,2", undefined],
    ["2x", undefined],
    ["1.2.3", undefined],
  ];
  for (const [text, expected] of cases) assert.equal(value(text), expected, text);
});

Deno.test("equalFractions() is exact for whole numbers and allows for the tenth digit of others", () => {
  const equal = (a: string, b: string) => equalFractions(fractionOf(a)!, fractionOf(b)!); // Both are numerals.
  assert.ok(!equal("100000000000000000000", "100000000000000000001"));
  assert.ok(equal("0.33333333333", "1/3"));
  assert.ok(!equal("0.33333333", "1/3"));
  fc.assert(
    fc.property(
      fc.integer(),
      fc.integer({ min: 1 }),
      fc.integer({ min: 1, max: 99 }),
      (above, below, factor) => {
        assert.ok(equal(`${above}/${below}`.replace("--", ""), `${above * factor}/${below * factor}`));
      },
    ),
  );
});
