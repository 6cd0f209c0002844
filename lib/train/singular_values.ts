/**
 * Singular values of a dense matrix, in 64 bits.
 * @module
 */
import { RunError } from "../core/errors.ts";

/** Two columns are orthogonal where their cosine is below, and a column is none where it is as short against the longest. */
const TOLERANCE = 1e-14;

/** Sweeps over all pairs of columns; a handful is usual. */
const MAX_SWEEPS = 60;

/**
 * Singular values, descending, min(rows, columns) of them: Householder's QR makes the matrix square, then the one-sided Jacobi
 * method turns pairs of columns until all are orthogonal; their lengths are the values (Golub and Van Loan, 5.2 and 8.6.3). Small
 * values are as exact, relative to the largest, as 64 bits allow, which those of the Gram matrix are not.
 *
 * @param matrix Row-major [rows × columns]; left as it is.
 * @throws {RunError} where an entry is not finite.
 *
 * @example
 * ```ts
 * import { singularValues } from "./singular_values.ts";
 * import assert from "node:assert/strict";
 * assert.deepEqual([...singularValues([0, -3, 2, 0, 0, 0], 3, 2)].map(Math.round), [3, 2]);
 * ```
 */
export function singularValues(matrix: ArrayLike<number>, rows: number, columns: number): Float64Array {
  const tall = rows >= columns;
  const [height, width] = tall ? [rows, columns] : [columns, rows];
  const vectors = Array.from(
    { length: width },
    (_, column) =>
      Float64Array.from(
        { length: height },
        (_, row) => matrix[tall ? row * columns + column : column * columns + row] as number,
      ),
  );
  if (vectors.some((vector) => !vector.every(Number.isFinite))) {
    throw new RunError("Singular values: an entry of the matrix is not finite.");
  }
  const triangle = height > width ? triangularFactor(vectors) : vectors;
  orthogonalise(triangle);
  return Float64Array.from(triangle, (vector) => Math.sqrt(dot(vector, vector))).sort().reverse();
}

function dot(a: Float64Array, b: Float64Array, from = 0): number {
  let sum = 0;
  for (let i = from; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** The columns of R of a QR factorisation, each as long as there are columns; the given columns are used up. */
function triangularFactor(columns: readonly Float64Array[]): Float64Array[] {
  columns.forEach((reflector, k) => {
    const norm = Math.sqrt(dot(reflector, reflector, k));
    if (norm === 0) return;
    const pivot = reflector[k] as number;
    const diagonal = pivot > 0 ? -norm : norm;
    reflector[k] = pivot - diagonal;
    const scale = 2 / dot(reflector, reflector, k);
    for (const column of columns.slice(k + 1)) {
      const factor = scale * dot(reflector, column, k);
      for (let i = k; i < column.length; i++) {
        column[i] = (column[i] as number) - factor * (reflector[i] as number);
      }
    }
    reflector[k] = diagonal;
    reflector.fill(0, k + 1);
  });
  return columns.map((column) => column.slice(0, columns.length));
}

/** Turns pairs of columns until all of them are orthogonal. */
function orthogonalise(columns: readonly Float64Array[]): void {
  const least = TOLERANCE ** 2 * Math.max(...columns.map((column) => dot(column, column)));
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
    let turned = false;
    for (const [i, a] of columns.entries()) {
      for (const b of columns.slice(i + 1)) {
        const aa = dot(a, a), bb = dot(b, b), ab = dot(a, b);
        if (Math.abs(ab) <= TOLERANCE * Math.sqrt(aa * bb) || Math.min(aa, bb) <= least) continue;
        turned = true;
        const zeta = (bb - aa) / (2 * ab);
        const tangent = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
        const cosine = 1 / Math.sqrt(1 + tangent * tangent), sine = cosine * tangent;
        for (let row = 0; row < a.length; row++) {
          const x = a[row] as number, y = b[row] as number;
          a[row] = cosine * x - sine * y;
          b[row] = sine * x + cosine * y;
        }
      }
    }
    if (!turned) return;
  }
  throw new RunError(`Singular values: the columns are not orthogonal after ${MAX_SWEEPS} sweeps.`);
}
