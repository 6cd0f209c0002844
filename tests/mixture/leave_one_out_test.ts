import assert from "node:assert/strict";
import fc from "fast-check";
import { RunError, UsageError } from "../../lib/core/errors.ts";
import { tInterval } from "../../lib/core/statistics.ts";
import {
  type Impact,
  largestFairBudget,
  leaveOneOutImpacts,
  type LeaveOneOutLoss,
  leaveOneOutMixtures,
  leaveOneOutWeights,
  requireFairBudget,
  type SourceImpact,
} from "../../lib/mixture/leave_one_out.ts";
import { MixtureSampler } from "../../lib/shards/sampler.ts";

Deno.test("leaveOneOutMixtures() sample all sources but one alike, and repeat nothing", () => {
  const mixtures = leaveOneOutMixtures(["code", "math", "web"], "llama3");
  assert.deepEqual(mixtures.map(({ left }) => left), [null, "code", "math", "web"]);
  for (const { left, mixture } of mixtures) {
    const names = mixture.sources.map(({ name }) => name);
    assert.equal(names.length, left === null ? 3 : 2);
    assert.ok(left === null || !names.includes(left));
    assert.ok(mixture.sources.every(({ weight }) => weight === 1 / names.length));
    assert.equal(mixture.caps.maxEpochs, 1);
  }
});

Deno.test("leaveOneOutMixtures() refuse fewer than two sources, and one named twice", () => {
  assert.throws(() => leaveOneOutMixtures(["code"], "llama3"), /has 1 sources, expected at least 2/);
  assert.throws(() => leaveOneOutMixtures(["code", "web", "code"], "llama3"), (error) => {
    assert.ok(error instanceof UsageError);
    assert.equal(error.message, 'Leave-one-out names the source "code" twice.');
    return true;
  });
});

Deno.test("largestFairBudget() is what every run can draw without repetition, and one more is not", () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 2, maxLength: 6 });
  fc.assert(fc.property(sizes, (sizes) => {
    const sources = sizes.map((tokens, i) => ({ name: `source ${i}`, tokens }));
    const windows = new Map(sources.map(({ name, tokens }) => [name, tokens]));
    const budget = largestFairBudget(sources);
    const plans = leaveOneOutMixtures([...windows.keys()], "llama3").map(({ mixture }) =>
      new MixtureSampler({ mixture, windows, seed: 1, stage: "proxy", sequences: budget }).plan()
    );
    for (const plan of plans) {
      // Equal shares, give or take the rounding, and no source gives more than it has.
      const counts = plan.map(({ sequences }) => sequences);
      assert.ok(Math.max(...counts) - Math.min(...counts) <= 1);
      assert.ok(plan.every(({ epochs }) => epochs <= 1));
    }
    assert.doesNotThrow(() => requireFairBudget(sources, budget));
    assert.throws(() => requireFairBudget(sources, budget + 1), UsageError);
  }));
});

Deno.test("requireFairBudget() names the source that is too small", () => {
  const sources = [{ name: "web", tokens: 900 }, { name: "wiki", tokens: 100 }, {
    name: "code",
    tokens: 300,
  }];
  assert.throws(() => requireFairBudget(sources, 350), (error) => {
    assert.ok(error instanceof UsageError);
    assert.equal(
      error.message,
      'Leave-one-out on a budget of 350 needs 175 of every source, "wiki" has 100: train on at most 200, or leave that source out of the experiment.',
    );
    return true;
  });
  assert.throws(() => requireFairBudget([], 1), /has 0 sources/);
});

const loss = (
  left: string | null,
  seed: number,
  probe: string,
  step: number,
  negativeLogLikelihood: number,
): LeaveOneOutLoss => ({ left, seed, probe, step, tokens: step * 64, negativeLogLikelihood });

Deno.test("leaveOneOutImpacts() pair by seed, so that what seeds have in common cancels", () => {
  const losses = [1, 2, 3].flatMap((seed) => [
    loss(null, seed, "code", 20, 3 + seed),
    loss("three", seed, "code", 20, 3 + seed + 0.1 * seed),
  ]);
  const [impact, ...others] = leaveOneOutImpacts(losses);
  assert.equal(others.length, 0);
  const expected = tInterval([0.1, 0.2, 0.3]);
  assert.ok(impact !== undefined && impact.low !== null && impact.high !== null);
  assert.ok(Math.abs(impact.mean - 0.2) < 1e-12);
  assert.ok(Math.abs(impact.low - (expected.low ?? NaN)) < 1e-12);
  assert.deepEqual([impact.seeds, impact.tokens, impact.left, impact.probe, impact.step], [
    3,
    1280,
    "three",
    "code",
    20,
  ]);
});

Deno.test("leaveOneOutImpacts() have no interval below three seeds, and come in order", () => {
  const losses = ["three", "mail"].flatMap((left) =>
    [20, 10].flatMap((step) => ["math", "code"].map((probe) => loss(left, 1, probe, step, 2)))
  ).concat([10, 20].flatMap((step) => ["code", "math"].map((probe) => loss(null, 1, probe, step, 1))));
  const impacts = leaveOneOutImpacts(losses);
  assert.deepEqual(impacts.map(({ left, probe, step }) => `${left} ${probe} ${step}`), [
    "three math 10",
    "three math 20",
    "three code 10",
    "three code 20",
    "mail math 10",
    "mail math 20",
    "mail code 10",
    "mail code 20",
  ]);
  assert.ok(
    impacts.every(({ low, high, seeds, mean }) => low === null && high === null && seeds === 1 && mean === 1),
  );
});

Deno.test("leaveOneOutImpacts() refuse losses that are none, doubled or without their pair", () => {
  const refused = (losses: LeaveOneOutLoss[], message: string) =>
    assert.throws(() => leaveOneOutImpacts(losses), (error) => {
      assert.ok(error instanceof RunError);
      assert.equal(error.message, message);
      return true;
    });
  const place = 'seed 1, probe "code", step 10';
  refused([loss(null, 1, "code", 10, NaN)], `Leave-one-out: the loss with all sources, ${place} is NaN.`);
  refused(
    [loss("web", 1, "code", 10, 1), loss("web", 1, "code", 10, 1)],
    `Leave-one-out: the loss without "web", ${place} is there twice.`,
  );
  refused(
    [loss("web", 1, "code", 10, 1), loss(null, 2, "code", 10, 1)],
    `Leave-one-out: the loss with all sources, ${place} is missing.`,
  );
});

const impact = (left: string, probe: string, mean: number, step = 10): Impact => ({
  ...{ left, probe, step, mean, tokens: step * 64 },
  ...{ low: null, high: null, seeds: 1 },
});

Deno.test("leaveOneOutWeights() let probes count alike, whatever the scale of their losses", () => {
  const deltas = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 6, maxLength: 6 });
  fc.assert(fc.property(deltas, fc.constantFrom(1e-3, 1, 40), (deltas, scale) => {
    const names = ["code", "math", "web"];
    const impacts = (factor: number) =>
      names.flatMap((left, j) => [
        impact(left, "code", deltas[j] as number), // of six
        impact(left, "math", factor * (deltas[j + 3] as number)),
      ]);
    fc.pre(Math.hypot(...deltas.slice(0, 3)) > 1e-3 && Math.hypot(...deltas.slice(3)) > 1e-3);
    const helpful = (weights: SourceImpact[]) =>
      weights.reduce((total, { impact }) => total + Math.max(0, impact), 0);
    let weights: SourceImpact[];
    try {
      weights = leaveOneOutWeights(impacts(1), 0.05);
    } catch (error) {
      return assert.ok(error instanceof RunError);
    }
    // Where probes contradict each other, small differences decide.
    fc.pre(helpful(weights) > 1e-3);
    const sum = weights.reduce((total, { weight }) => total + weight, 0);
    assert.ok(Math.abs(sum - 1) < 1e-12 && weights.every(({ weight }) => weight >= 0.05));
    leaveOneOutWeights(impacts(scale), 0.05).forEach(({ impact, weight }, j) => {
      assert.ok(Math.abs(impact - (weights[j]?.impact ?? NaN)) < 1e-9);
      assert.ok(Math.abs(weight - (weights[j]?.weight ?? NaN)) < 1e-6);
    });
  }));
});

Deno.test("leaveOneOutWeights() are those of the last step, and clip what harms", () => {
  const weights = leaveOneOutWeights([
    ...[impact("code", "code", -5, 5), impact("web", "code", 5, 5), impact("mail", "code", 5, 5)],
    ...[impact("code", "code", 3), impact("web", "code", 1), impact("mail", "code", -1)],
  ], 0);
  assert.deepEqual(
    weights.map(({ source, weight, clipped, floored }) => [source, weight, clipped, floored]),
    [
      ["code", 0.75, false, false],
      ["web", 0.25, false, false],
      ["mail", 0, true, false],
    ],
  );
});

Deno.test("leaveOneOutWeights() refuse what no weights follow from", () => {
  assert.throws(() => leaveOneOutWeights([], 0), UsageError);
  assert.throws(() => leaveOneOutWeights([impact("code", "code", 1)], 2), /floor is 2, expected 0 … 1\/1/);
  assert.throws(
    () => leaveOneOutWeights([impact("code", "code", -1), impact("web", "code", 0)], 0),
    RunError,
  );
  // The probes contradict each other: nothing but rounding is left.
  const opposed = [
    ...[impact("code", "code", 0.23989817924109083), impact("web", "code", 0), impact("mail", "code", 0)],
    ...[impact("code", "math", -0.843900682388634), impact("web", "math", 0), impact("mail", "math", 0)],
  ];
  assert.throws(() => leaveOneOutWeights(opposed, 0), RunError);
  const partial = [impact("code", "code", 1), impact("web", "code", 1), impact("web", "math", 1)];
  assert.throws(() => leaveOneOutWeights(partial, 0), (error) => {
    assert.ok(error instanceof UsageError);
    assert.equal(error.message, 'Leave-one-out weights: there is no impact of "code" on "math" at step 10.');
    return true;
  });
});
