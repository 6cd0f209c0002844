import assert from "node:assert/strict";
import fc from "fast-check";
import { isFeasible, nearestShares } from "../../../lib/mixture/regression/bounded_shares.ts";
import { assertClose } from "./golden.ts";

/** A point, bounds that hold for some shares, and such shares. */
const cases = fc.integer({ min: 2, max: 6 }).chain((n) => {
  const list = (min: number, max: number) =>
    fc.array(fc.double({ min, max, noNaN: true }), { minLength: n, maxLength: n });
  return fc.record({ point: list(-3, 3), raw: list(0.01, 1), below: list(0, 1), above: list(0, 1) });
}).map(({ point, raw, below, above }) => {
  const sum = raw.reduce((total, value) => total + value, 0), inside = raw.map((value) => value / sum);
  return {
    point,
    inside,
    least: inside.map((value, j) => value * (below[j] as number)), // of one length
    most: inside.map((value, j) => value + (1 - value) * (above[j] as number)),
  };
});

Deno.test("nearestShares() sum to 1, keep the bounds, and are nearer than any other such shares", () => {
  fc.assert(fc.property(cases, ({ point, inside, least, most }) => {
    const shares = nearestShares(point, { least, most });
    assertClose([shares.reduce((sum, share) => sum + share, 0)], [1], 1e-9);
    shares.forEach((share, j) => assert.ok(share >= (least[j] as number) && share <= (most[j] as number)));
    const distance = (other: readonly number[]) =>
      Math.hypot(...other.map((share, j) => share - (point[j] as number)));
    assert.ok(distance(shares) <= distance(inside) + 1e-9);
  }));
});

Deno.test("nearestShares() of shares within the bounds are those", () => {
  fc.assert(fc.property(cases, ({ inside, least, most }) => {
    assertClose(nearestShares(inside, { least, most }), inside, 1e-9);
  }));
});

Deno.test("isFeasible() where some shares keep the bounds", () => {
  assert.equal(isFeasible({ least: [0.5, 0.5], most: [1, 1] }), true);
  assert.equal(isFeasible({ least: [0.6, 0.5], most: [1, 1] }), false);
  assert.equal(isFeasible({ least: [0, 0], most: [0.4, 0.5] }), false);
  assert.equal(isFeasible({ least: [0.3, 0], most: [0.2, 1] }), false);
});
