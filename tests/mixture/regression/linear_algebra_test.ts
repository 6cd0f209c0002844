import assert from "node:assert/strict";
import fc from "fast-check";
import {
  solvePositiveDefinite,
  symmetricEigenvalues,
} from "../../../lib/mixture/regression/linear_algebra.ts";
import { assertClose, centred, golden } from "./golden.ts";

/** Σ x xᵀ of rows. */
function gramOf(rows: readonly (readonly number[])[]): number[][] {
  const columns = rows[0]?.map((_, j) => rows.map((row) => row[j] as number)) ?? []; // rows of one length
  return columns.map((a) =>
    columns.map((b) => a.reduce((sum, value, i) => sum + value * (b[i] as number), 0))
  );
}

Deno.test("solvePositiveDefinite() solves", () => {
  const square = fc.integer({ min: 1, max: 6 }).chain((n) =>
    fc.record({
      rows: fc.array(fc.array(fc.integer({ min: -9, max: 9 }), { minLength: n, maxLength: n }), {
        minLength: n,
        maxLength: n + 3,
      }),
      x: fc.array(fc.integer({ min: -9, max: 9 }), { minLength: n, maxLength: n }),
    })
  );
  fc.assert(fc.property(square, ({ rows, x }) => {
    const matrix = gramOf(rows).map((row, i) => row.map((value, j) => i === j ? value + 1 : value));
    const right = matrix.map((row) => row.reduce((sum, value, j) => sum + value * (x[j] as number), 0));
    assertClose(solvePositiveDefinite(matrix, right), x, 1e-6);
  }));
});

Deno.test("solvePositiveDefinite() refuses a singular matrix", () => {
  assert.throws(() => solvePositiveDefinite([[1, 1], [1, 1]], [1, 2]), RangeError);
});

Deno.test("symmetricEigenvalues() are the squared singular values that NumPy finds, and 0 across the plane of shares", () => {
  const eigenvalues = symmetricEigenvalues(gramOf(centred(golden.linear.shares)));
  assertClose(eigenvalues, [...golden.linear.eigenvalues, 0], 1e-12);
});

Deno.test("symmetricEigenvalues() keep trace and squared norm", () => {
  const rows = fc.integer({ min: 1, max: 8 }).chain((n) =>
    fc.array(fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: n, maxLength: n }), {
      minLength: 1,
      maxLength: 8,
    })
  );
  fc.assert(fc.property(rows, (rows) => {
    const gram = gramOf(rows), values = symmetricEigenvalues(gram);
    const trace = gram.reduce((sum, row, i) => sum + (row[i] as number), 0);
    const norm = gram.flat().reduce((sum, value) => sum + value * value, 0);
    assertClose([values.reduce((sum, value) => sum + value, 0)], [trace], 1e-9 * (1 + trace));
    assertClose([values.reduce((sum, value) => sum + value * value, 0)], [norm], 1e-9 * (1 + norm));
    assert.deepEqual(values, values.toSorted((a, b) => b - a));
  }));
});
