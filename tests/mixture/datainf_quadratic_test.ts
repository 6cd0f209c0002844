/** DataInf where the truth is known: a linear regression, whose leave-one-out models can be solved for exactly. */
import assert from "node:assert/strict";
import { Random } from "../../lib/core/random.ts";
import { dataInf } from "../../lib/mixture/datainf.ts";
import { at, dot, samples, spearman, StoredGradients } from "./stored_gradients.ts";

const D = 5;
const GROUPS = [{ name: "θ", offset: 0, size: D }];

/** Solves A·x = b for a positive definite A by Gaussian elimination. */
function solve(a: readonly (readonly number[])[], b: readonly number[]): number[] {
  const rows = a.map((row, i) => [...row, at(b, i)]);
  const size = rows.length;
  rows.forEach((pivot, k) => {
    rows.forEach((row, i) => {
      if (i === k) return;
      const factor = at(row, k) / at(pivot, k);
      for (let j = k; j <= size; j++) row[j] = at(row, j) - factor * at(pivot, j);
    });
  });
  return rows.map((row, i) => at(row, size) / at(row, i));
}

/** Σ aaᵀ and Σ a·b over points (a, b). */
function normalEquations(points: readonly Point[]) {
  const matrix = Array.from(
    { length: D },
    (_, i) =>
      Array.from({ length: D }, (_, j) => points.reduce((sum, { a }) => sum + at(a, i) * at(a, j), 0)),
  );
  return {
    matrix,
    right: Array.from({ length: D }, (_, i) => points.reduce((sum, { a, b }) => sum + at(a, i) * b, 0)),
  };
}

interface Point {
  readonly a: readonly number[];
  readonly b: number;
}

/** Points around a plane, with features of different sizes; `tilt` turns the plane. */
function points(seed: number, count: number, tilt: number): Point[] {
  const random = Random.of(seed, "quadratic");
  return Array.from({ length: count }, (_, i) => {
    const a = Array.from({ length: D }, (_, j) => random.normal(i * (D + 1) + j) * (1 + j / 2));
    return { a, b: a.reduce((sum, x, j) => sum + x * (j - 2 + tilt), 0) + random.normal(i * (D + 1) + D) };
  });
}

function meanLoss(theta: readonly number[], given: readonly Point[]): number {
  return given.reduce((sum, { a, b }) => sum + (dot(a, theta) - b) ** 2 / 2, 0) / given.length;
}

function gradients(theta: readonly number[], given: readonly Point[]): number[][] {
  return given.map(({ a, b }) => a.map((x) => x * (dot(a, theta) - b)));
}

Deno.test("influence with the exact inverse ranks as retraining without each candidate does", async (t) => {
  // The probe's plane is another one: at the probe's own minimum v vanishes, and only second order is left to rank by.
  const [train, probe] = [points(1, 300, 0), points(2, 60, 0.5)];
  const { matrix, right } = normalEquations(train);
  const theta = solve(matrix, right);
  const loss = meanLoss(theta, probe);
  const retrained = train.map((_, i) => {
    const rest = normalEquations(train.filter((_, j) => j !== i));
    return meanLoss(solve(rest.matrix, rest.right), probe) - loss;
  });

  const [own, others] = [gradients(theta, train), gradients(theta, probe)];
  const v = Array.from({ length: D }, (_, i) => others.reduce((sum, g) => sum + at(g, i), 0) / others.length);
  const inverse = solve(matrix, v);
  const exact = own.map((gradient) => dot(inverse, gradient));
  const backend = new StoredGradients([...own, ...others], GROUPS);
  const numbers = [...backend.gradients.keys()];
  const [scores] = await dataInf(
    backend,
    [{ name: "probe", batches: [samples(numbers.slice(train.length))] }],
    [samples(numbers.slice(0, train.length))],
  );
  const truth = spearman(exact, retrained);
  const ours = spearman(scores?.influence ?? [], exact);
  const plain = spearman(scores?.gradientProduct ?? [], exact);
  const said = `${truth.toFixed(4)}; to the exact inverse: DataInf ${ours.toFixed(3)}, plain product ${
    plain.toFixed(3)
  }`;
  await t.step(`Spearman to retraining: ${said}`, () => {
    assert.ok(truth >= 0.99);
    assert.ok(ours > 0.5 && plain > 0.5, "the approximations have lost the sign or the order");
  });
});

Deno.test("dataInf() ranks as the exact inverse where gradients are orthogonal, equally long and span the space", async () => {
  // Rows of an orthogonal matrix: a Householder reflection.
  const mirror = [0.5, -0.3, 0.2, 0.7, 0.4];
  const own = Array.from(
    { length: D },
    (_, i) => mirror.map((x, j) => 3 * ((i === j ? 1 : 0) - 2 * x * at(mirror, i) / dot(mirror, mirror))),
  );
  const v = [0.3, -1.2, 0.8, 0.1, 2];
  const backend = new StoredGradients([...own, v], GROUPS);
  const [scores] = await dataInf(backend, [{ name: "probe", batches: [samples([D])] }], [
    samples([0, 1, 2, 3, 4]),
  ]);
  const second = Array.from(
    { length: D },
    (_, i) => Array.from({ length: D }, (_, j) => own.reduce((sum, g) => sum + at(g, i) * at(g, j), 0) / D),
  );
  const inverse = solve(second, v);
  const exact = own.map((gradient) => dot(inverse, gradient));
  assert.equal(spearman(scores?.influence ?? [], exact), 1);
});
