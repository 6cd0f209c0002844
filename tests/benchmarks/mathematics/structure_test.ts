import assert from "node:assert/strict";
import { readings, splitTop } from "../../../lib/benchmarks/mathematics/structure.ts";

const r = String.raw;

Deno.test("readings() tells tuples, intervals, sets, matrices and numbers with units", () => {
  assert.deepEqual(readings("(1, 2]"), [{ kind: "sequence", open: "(", close: "]", parts: ["1", "2"] }]);
  assert.deepEqual(readings(r`\{1, 2\}`), [{ kind: "collection", parts: ["1", "2"] }]);
  assert.deepEqual(readings(r`\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}`), [
    { kind: "matrix", rows: [["1", "2"], ["3", "4"]] },
  ]);
  assert.deepEqual(readings(r`12\text{ square inches}`), [{ kind: "expression", latex: "12", unit: "in^2" }]);
  assert.deepEqual(readings("(1)(2)"), [{ kind: "expression", latex: "(1)(2)", unit: null }]);
});

Deno.test("readings() takes an inequality in one letter for its interval", () => {
  const ends = (text: string) => {
    const [first] = readings(text);
    return first?.kind === "sequence" ? `${first.open}${first.parts.join()}${first.close}` : undefined;
  };
  assert.equal(ends("x > 2"), r`(2,\infty)`);
  assert.equal(ends(r`2 \ge x`), r`(-\infty,2]`);
  assert.equal(ends(r`1 \le x < 3`), "[1,3)");
  assert.equal(ends(r`3 > x \ge 1`), "[1,3)");
  assert.equal(ends("1 < x > 3"), undefined);
});

Deno.test("splitTop() splits outside brackets, groups, sets and environments only", () => {
  assert.deepEqual(splitTop(r`f(1,2), {3,4}, \{5,6\}, \begin{matrix}7,8\end{matrix}`, /,/y), [
    "f(1,2)",
    "{3,4}",
    r`\{5,6\}`,
    r`\begin{matrix}7,8\end{matrix}`,
  ]);
});
