import assert from "node:assert/strict";
import fc from "fast-check";
import { normalise } from "../../../lib/benchmarks/mathematics/normalise.ts";

const r = String.raw;

Deno.test("normalise() removes what carries no meaning", () => {
  const cases: [string, string][] = [
    [r`$\left( 3, \dfrac{\pi}{2} \right)$.`, r`( 3, \frac{\pi}{2} )`],
    [r`11,\! 111,\! 100`, "11111100"],
    [r`10{,}000`, "10000"],
    [r`\$1.25`, "1.25"],
    [r`50\%`, r`50\text{percent}`],
    [r`30^{\circ}`, r`30\text{degrees}`],
    [r`\cos 30^\circ`, r`\cos 30^\circ`],
    [".5", "0.5"],
    ["1 3/4", r`1\frac{3}{4}`],
    [r`x \leq 2`, r`x \le 2`],
    [r`1 \\[2pt] 2`, r`1 \\ 2`],
  ];
  for (const [text, expected] of cases) assert.equal(normalise(text), expected, text);
});

Deno.test("normalise() changes nothing the second time", () => {
  const piece = fc.constantFrom(
    "1",
    "x",
    r`\frac`,
    "{2}",
    " ",
    ",",
    r`\left`,
    "(",
    ")",
    "%",
    r`^\circ`,
    "$",
    ".",
  );
  fc.assert(fc.property(fc.array(piece, { maxLength: 10 }), (pieces) => {
    const once = normalise(normalise(pieces.join("")));
    assert.equal(normalise(once), once);
  }));
});
