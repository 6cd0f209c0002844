import assert from "node:assert/strict";
import { splitCell } from "../../../lib/pipeline/promotion/statements.ts";

Deno.test("splitCell() keeps order, comments and blank lines of statements", () => {
  const code = `// One.
const a = [
  1,
];

const b = \`
  text
\`;
if (a) {
  b;
} else {
  a;
}`;
  assert.deepEqual(splitCell(code), { statements: code, declarations: "" });
});

Deno.test("splitCell() takes functions, types and interfaces out, with their comments", () => {
  const { statements, declarations } = splitCell(`const a = await f();

/** What it does. */
async function f(): Promise<A> {
  return { x: 1 };
}

// A shape.
interface A {
  x: number;
}
type B = A;
print(a);`);
  assert.equal(statements, "const a = await f();\n\nprint(a);");
  assert.match(declarations, /^\/\*\* What it does\. \*\/\nasync function f/);
  assert.match(declarations, /\/\/ A shape\.\ninterface A \{/);
  assert.match(declarations, /type B = A;$/);
});
