import assert from "node:assert/strict";
import fc from "fast-check";
import { RunError } from "../../lib/core/errors.ts";
import { singularValues } from "../../lib/train/singular_values.ts";

const matrices = fc.record({ rows: fc.integer({ min: 1, max: 9 }), columns: fc.integer({ min: 1, max: 9 }) })
  .chain(({ rows, columns }) =>
    fc.record({
      rows: fc.constant(rows),
      columns: fc.constant(columns),
      entries: fc.array(fc.integer({ min: -3, max: 3 }), {
        minLength: rows * columns,
        maxLength: rows * columns,
      }),
    })
  );

Deno.test("singularValues() has the squares' sum of the entries, also where the rank is not full, and of the transpose", () => {
  fc.assert(fc.property(matrices, ({ rows, columns, entries }) => {
    const values = singularValues(entries, rows, columns);
    assert.equal(values.length, Math.min(rows, columns));
    const squares = entries.reduce((sum, x) => sum + x * x, 0);
    assert.ok(Math.abs(values.reduce((sum, x) => sum + x * x, 0) - squares) < 1e-9);
    const transpose = Array.from(
      { length: rows * columns },
      (_, i) => entries[i % rows * columns + Math.floor(i / rows)] as number,
    );
    singularValues(transpose, columns, rows).forEach((x, i) =>
      assert.ok(Math.abs(x - (values[i] as number)) < 1e-9)
    );
  }));
});

Deno.test("singularValues() of an outer product has one value above 0", () => {
  const outer = Array.from({ length: 40 }, (_, i) => (1 + i % 5) * Math.cos(Math.floor(i / 5)));
  const [first = 0, ...rest] = singularValues(outer, 8, 5);
  assert.ok(first > 1 && rest.every((value) => value < 1e-13), `${first} ${rest}`);
});

Deno.test("singularValues() refuses entries that are not finite", () => {
  assert.throws(() => singularValues([1, NaN], 1, 2), RunError);
});
