import assert from "node:assert/strict";
import { Expressions } from "../../../lib/benchmarks/mathematics/expressions.ts";

const r = String.raw;

Deno.test("Expressions.equal() does not depend on what was compared before", () => {
  const pairs: [string, string][] = [["3-2f(x)", "3+f(x)-3f(x)"], ["f+1", "1+f"], ["2fx", "xf2"], [
    "D+N",
    "N+D",
  ]];
  const answers = (order: readonly (readonly [string, string])[]) => {
    const expressions = new Expressions();
    return new Map(order.map(([a, b]) => [a, expressions.equal(a, b)]));
  };
  const forwards = answers(pairs);
  for (const [a, equal] of answers(pairs.toReversed())) assert.equal(equal, forwards.get(a), a);
  assert.ok(forwards.get("f+1") && forwards.get("D+N"));
});

Deno.test("Expressions.equal() looks at both signs of a letter, and at complex values", () => {
  const expressions = new Expressions();
  assert.ok(!expressions.equal(r`\sqrt{x^2}`, "x"));
  assert.ok(expressions.equal(r`\sqrt{x^2}`, "|x|"));
  assert.ok(expressions.equal(r`e^{i\pi}`, "-1"));
  assert.ok(!expressions.equal("a", "b"));
});

Deno.test("Expressions.equal() is exact where floating point is not", () => {
  const expressions = new Expressions();
  assert.ok(!expressions.equal("3^{100}", "3^{100}+1"));
  assert.ok(!expressions.equal(r`\frac{1}{2004!}`, r`\frac{1}{2005!}`));
  assert.ok(expressions.equal("2^{2005}", r`2 \cdot 2^{2004}`));
});

Deno.test("Expressions.equalEquations() accepts multiples and other sides, and no other solutions", () => {
  const expressions = new Expressions();
  assert.ok(expressions.equalEquations(["y", "2x+3"], ["4x+6", "2y"]));
  assert.ok(!expressions.equalEquations(["y", "2x+3"], ["y", "2x-3"]));
  assert.ok(!expressions.equalEquations(["x", "1"], ["0", "0"]));
});
