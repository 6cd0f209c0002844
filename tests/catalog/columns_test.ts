import assert from "node:assert/strict";
import { table } from "arquero";
import { fitColumns, inferType, toColumns, toTable } from "../../lib/catalog/columns.ts";

Deno.test("toColumns() takes records with missing keys, and arquero tables as they are seen", () => {
  assert.deepEqual(
    toColumns([{ a: 1 }, { a: 2, b: "x" }]),
    new Map([["a", [1, 2]], ["b", [null, "x"]]] as const),
  );
  const seen = table({ a: [3, 1, 2] }).orderby("a").filter("d => d.a > 1");
  assert.deepEqual(toColumns(seen), new Map([["a", [2, 3]]]));
  assert.equal(toColumns([]).size, 0);
});

Deno.test("inferType() finds the narrowest type", () => {
  assert.equal(inferType([true, null]), "BOOLEAN");
  assert.equal(inferType([1, 2n, null]), "BIGINT");
  assert.equal(inferType([1, 2.5]), "DOUBLE");
  assert.equal(inferType([2 ** 53]), "DOUBLE");
  assert.equal(inferType([1, "OOM"]), "VARCHAR");
  assert.equal(inferType([null]), "VARCHAR");
});

Deno.test("fitColumns() orders, converts and fills", () => {
  const schema = { a: "BIGINT", b: "DOUBLE", c: "VARCHAR", d: "BOOLEAN" } as const;
  const columns = new Map<string, unknown[]>([["c", ["x", 3]], ["a", [1, null]], ["b", [1, 2n]]]);
  assert.deepEqual([...fitColumns(columns, schema, "t")], [
    ["a", [1n, null]],
    ["b", [1, 2]],
    ["c", ["x", "3"]],
    ["d", [null, null]],
  ]);
});

Deno.test("fitColumns() names the column that does not fit", () => {
  const fit = (name: string, value: unknown) => () =>
    fitColumns(new Map([[name, [value]]]), { a: "BIGINT", b: "BOOLEAN" }, "t");
  assert.throws(fit("c", 1), {
    name: "UsageError",
    message: 'Table "t" has no column "c", expected some of a, b.',
  });
  assert.throws(fit("a", 1.5), { name: "UsageError", message: "Column t.a holds BIGINT, given 1.5." });
  assert.throws(fit("b", "yes"), { name: "UsageError", message: 'Column t.b holds BOOLEAN, given "yes".' });
});

Deno.test("toTable() gives exact integers as numbers, others as bigint, and lists as arrays", () => {
  const columns = new Map<string, unknown[]>([
    ["a", [1n, 2n ** 53n]],
    ["b", [new Int32Array([1, 2]), [3n]]],
    ["c", [undefined, "x"]],
  ]);
  assert.deepEqual(toTable(columns).objects(), [{ a: 1, b: [1, 2], c: null }, {
    a: 2n ** 53n,
    b: [3],
    c: "x",
  }]);
});
