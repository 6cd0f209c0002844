/**
 * Small dense symmetric systems, as a regression on a few dozen sources has them.
 * @module
 */

/** A square matrix by rows. */
export type Matrix = readonly (readonly number[])[];

/**
 * Solves A x = b by Cholesky's decomposition.
 *
 * @param matrix A [n][n], symmetric and positive definite.
 * @throws {RangeError} where it is not positive definite.
 */
export function solvePositiveDefinite(matrix: Matrix, right: readonly number[]): number[] {
  const lower = matrix.map((row) => [...row]);
  const x = [...right];
  // Every index below is under n.
  const at = (i: number, j: number) => lower[i]?.[j] as number;
  for (let i = 0; i < x.length; i++) {
    const row = lower[i] as number[];
    for (let j = 0; j <= i; j++) {
      let sum = at(i, j);
      for (let k = 0; k < j; k++) sum -= at(i, k) * at(j, k);
      if (i === j && !(sum > 0)) {
        throw new RangeError(`The matrix is not positive definite: pivot ${i} is ${sum}.`);
      }
      row[j] = i === j ? Math.sqrt(sum) : sum / at(j, j);
    }
  }
  for (let i = 0; i < x.length; i++) {
    let sum = x[i] as number;
    for (let k = 0; k < i; k++) sum -= at(i, k) * (x[k] as number);
    x[i] = sum / at(i, i);
  }
  for (let i = x.length - 1; i >= 0; i--) {
    let sum = x[i] as number;
    for (let k = i + 1; k < x.length; k++) sum -= at(k, i) * (x[k] as number);
    x[i] = sum / at(i, i);
  }
  return x;
}

/** Sweeps of Jacobi's method; it converges quadratically, in about six for matrices of any size here. */
const MOST_SWEEPS = 50;

/**
 * Eigenvalues of a symmetric matrix, descending, by Jacobi's rotations (Golub and Van Loan, 8.5).
 *
 * @param matrix [n][n].
 */
export function symmetricEigenvalues(matrix: Matrix): number[] {
  const a = matrix.map((row) => Float64Array.from(row));
  const n = a.length;
  // Every index below is under n.
  const at = (i: number, j: number) => a[i]?.[j] as number;
  const put = (i: number, j: number, value: number) => (a[i] as Float64Array)[j] = value;
  const norm = a.reduce((sum, row) => row.reduce((s, value) => s + value * value, sum), 0);
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    let outside = 0;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) outside += at(p, q) ** 2;
    if (outside <= norm * Number.EPSILON ** 2) break;
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        if (at(p, q) === 0) continue;
        const tau = (at(q, q) - at(p, p)) / (2 * at(p, q));
        const tangent = (tau >= 0 ? 1 : -1) / (Math.abs(tau) + Math.hypot(1, tau));
        const cosine = 1 / Math.hypot(1, tangent), sine = tangent * cosine;
        for (let k = 0; k < n; k++) {
          const kp = at(k, p), kq = at(k, q);
          put(k, p, cosine * kp - sine * kq);
          put(k, q, sine * kp + cosine * kq);
        }
        for (let k = 0; k < n; k++) {
          const pk = at(p, k), qk = at(q, k);
          put(p, k, cosine * pk - sine * qk);
          put(q, k, sine * pk + cosine * qk);
        }
      }
    }
  }
  return a.map((row, i) => row[i] as number).sort((x, y) => y - x);
}
