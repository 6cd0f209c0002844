/**
 * Where the runs' mixtures lie: what they tell apart, and how far another mixture is from them.
 * @module
 */
import { type Matrix, solvePositiveDefinite, symmetricEigenvalues } from "./linear_algebra.ts";

/** The runs' mixtures as the design of a regression. */
export interface Geometry {
  /** Largest over smallest singular value of the centred shares within the plane in which they sum to 0; null: the runs do not span it. */
  readonly conditionNumber: number | null;
  /** Inverse of Σ x xᵀ over the runs, hardly regularised [sources][sources]: the leverage of a mixture is 1/runs + xᵀ·this·x. */
  readonly inverseGram: Matrix;
  /** Of the runs. */
  readonly largestLeverage: number;
}

/** Relative to the Gram matrix's mean eigenvalue: what keeps its inverse finite off the plane of mixtures. */
const GRAM_REGULARISATION = 1e-9;
/** A singular value below this share of the largest counts as 0. */
const RANK_TOLERANCE = 1e-6;

/**
 * The geometry of runs.
 *
 * @param x Shares less their mean [runs][sources].
 */
export function geometryOf(x: readonly (readonly number[])[]): Geometry {
  const sources = x[0]?.length ?? 0;
  const indices = Array.from({ length: sources }, (_, j) => j);
  // All indices are those of sources.
  const gram = indices.map((j) =>
    indices.map((k) => x.reduce((sum, row) => sum + (row[j] as number) * (row[k] as number), 0))
  );
  const eigenvalues = symmetricEigenvalues(gram);
  // Shares sum to 1, so that the last eigenvalue is 0.
  const largest = eigenvalues[0] ?? 0, smallest = eigenvalues[sources - 2] ?? 0;
  const regularisation = GRAM_REGULARISATION * eigenvalues.reduce((sum, value) => sum + value, 0) / sources;
  const regularised = gram.map((row, j) => row.map((value, k) => j === k ? value + regularisation : value));
  const inverseGram = indices.map((j) =>
    solvePositiveDefinite(regularised, indices.map((k) => j === k ? 1 : 0))
  );
  return {
    conditionNumber: smallest > largest * RANK_TOLERANCE ** 2 ? Math.sqrt(largest / smallest) : null,
    inverseGram,
    largestLeverage: Math.max(...x.map((row) => leverageOf(row, inverseGram, x.length))),
  };
}

/**
 * How far a mixture is from the runs, in units of their own spread: 1/runs + xᵀ(Σ x xᵀ)⁻¹x, the diagonal of the hat matrix.
 *
 * @param x Shares less their mean [sources].
 */
export function leverageOf(x: readonly number[], inverseGram: Matrix, runs: number): number {
  // One row and column for each source.
  return inverseGram.reduce(
    (sum, row, j) => row.reduce((s, value, k) => s + (x[j] as number) * value * (x[k] as number), sum),
    1 / runs,
  );
}
