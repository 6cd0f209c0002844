import assert from "node:assert/strict";
import fc from "fast-check";
import { RunError, UsageError } from "../../lib/core/errors.ts";
import { type CapabilityInfluence, jointInfluence } from "../../lib/mixture/joint.ts";

const SOURCES = ["code", "math", "code"];

function close(actual: ArrayLike<number>, expected: readonly number[]) {
  assert.equal(actual.length, expected.length);
  expected.forEach((value, i) =>
    assert.ok(Math.abs((actual[i] ?? NaN) - value) < 1e-9, `${actual[i]}, not ${value}`)
  );
}

Deno.test("jointInfluence() weights checkpoint t by t and capabilities alike, after scaling each by its root mean square", () => {
  const { joint, self, cross, scales } = jointInfluence(SOURCES, [
    { capability: "code", sources: ["code"], checkpoints: [[2, -2, 2], [5, 5, -5]] },
    { capability: "math", sources: ["math"], checkpoints: [[1e-9, 1e-9, -1e-9]] },
  ]);
  assert.deepEqual(scales.map(({ checkpoints }) => checkpoints), [[2, 5], [1e-9]]);
  close(self, [(1 + 2) / 6, 1 / 2, (1 - 2) / 6]);
  close(cross, [1 / 2, (-1 + 2) / 6, -1 / 2]);
  close(joint, [1, 1 / 2 + 1 / 6, -1 / 2 - 1 / 6]);
});

Deno.test("jointInfluence() does not depend on the scale of a capability's scores, and keeps their signs", () => {
  const score = fc.integer({ min: -1000, max: 1000 }).map((x) => x / 1000);
  const scores = fc.array(score, { minLength: 3, maxLength: 3 });
  fc.assert(fc.property(scores, scores, fc.constantFrom(1e-12, 0.25, 4096, 1e9), (a, b, factor) => {
    const capabilities = (scale: number): CapabilityInfluence[] => [
      { capability: "code", sources: ["code"], checkpoints: [a.map((x) => x * scale)] },
      { capability: "math", sources: ["math"], checkpoints: [b] },
    ];
    const [plain, scaled] = [
      jointInfluence(SOURCES, capabilities(1)),
      jointInfluence(SOURCES, capabilities(factor)),
    ];
    close(scaled.joint, [...plain.joint]);
    const alone = jointInfluence(SOURCES, capabilities(1).slice(0, 1));
    a.forEach((score, i) => assert.equal(Math.sign(alone.joint[i] ?? NaN) + 0, Math.sign(score) + 0));
  }));
});

Deno.test("jointInfluence() takes scores that are all 0 as saying nothing", () => {
  const { joint, scales } = jointInfluence(SOURCES, [
    { capability: "code", sources: [], checkpoints: [[0, 0, 0], [1, 1, 1]] },
  ]);
  assert.deepEqual(scales[0]?.checkpoints, [0, 1]);
  close(joint, [2 / 3, 2 / 3, 2 / 3]);
});

Deno.test("jointInfluence() refuses nothing, missing scores and scores that are no numbers", () => {
  const of = (...checkpoints: number[][]) => () =>
    jointInfluence(SOURCES, [{ capability: "code", sources: [], checkpoints }]);
  assert.throws(() => jointInfluence(SOURCES, []), UsageError);
  assert.throws(of(), /"code" has no checkpoints/);
  assert.throws(of([1, 2]), /"code", checkpoint 1 has 2 scores, expected one for each of 3 candidates/);
  assert.throws(of([1, 2, 3], [1, NaN, 3]), (error) => {
    assert.ok(error instanceof RunError);
    assert.match(error.message, /"code", checkpoint 2: the score of candidate 1 is NaN/);
    return true;
  });
});
