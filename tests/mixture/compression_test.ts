import assert from "node:assert/strict";
import fc from "fast-check";
import { UsageError } from "../../lib/core/errors.ts";
import { compress, currentInfluence, stopReason } from "../../lib/mixture/compression.ts";

const pools = fc.array(
  fc.record({
    source: fc.constantFrom("a", "b", "c"),
    tokens: fc.integer({ min: 1, max: 50 }),
    influence: fc.integer({ min: -5, max: 5 }),
  }),
  { minLength: 1, maxLength: 30 },
);

Deno.test("compress() keeps what is above 0 and nothing else; the shares of what is trained on sum to 1", () => {
  fc.assert(fc.property(pools, fc.integer({ min: 0, max: 200 }), (pool, least) => {
    const candidates = pool.map(({ source, tokens }) => ({ source, tokens, length: 2 * tokens }));
    const { kept, positiveShare, trained, sources } = compress(
      candidates,
      pool.map(({ influence }) => influence),
      0.05,
      least,
    );
    assert.deepEqual(kept, pool.flatMap(({ influence }, x) => influence > 0 ? [x] : []));
    assert.equal(positiveShare, kept.length / pool.length);
    const left = (source: string | undefined) =>
      kept.reduce((sum, x) => sum + (candidates[x]?.source === source ? candidates[x]?.length ?? 0 : 0), 0);
    assert.deepEqual(trained, kept.filter((x) => left(pool[x]?.source) >= least));
    assert.deepEqual(
      new Set(sources.map(({ source }) => source)),
      new Set(trained.map((x) => pool[x]?.source)),
    );
    const sum = sources.reduce((total, { weight }) => total + weight, 0);
    assert.ok(trained.length === 0 ? sum === 0 : Math.abs(sum - 1) < 1e-12);
    assert.ok(sources.every(({ weight, density }) => weight >= 0.05 - 1e-12 && density > 0));
  }));
});

Deno.test("compress() refuses an empty pool and another number of scores", () => {
  assert.throws(() => compress([], [], 0, 1), UsageError);
  assert.throws(() => compress([{ source: "a", tokens: 1, length: 1 }], [1, 2], 0, 1), UsageError);
});

Deno.test("currentInfluence() counts capabilities alike, whatever the scale of their scores", () => {
  const probes = [{ name: "code", sources: ["a"] }, { name: "math", sources: ["b"] }];
  const scores = (scale: number) => [
    { probe: "code", influence: Float64Array.of(1, 0, -1), gradientProduct: new Float64Array(3) },
    { probe: "math", influence: Float64Array.of(0, scale, -scale), gradientProduct: new Float64Array(3) },
  ];
  const of = (scale: number) => [...currentInfluence(probes, scores(scale), ["a", "b", "c"])];
  const [code = 0, math = 0, neither = 0] = of(1000);
  assert.ok(Math.abs(code - math) < 1e-12 && code > 0 && neither < 0);
  of(1e-9).forEach((score, x) => assert.ok(Math.abs(score - (of(1)[x] as number)) < 1e-12));
});

Deno.test("stopReason() ends at the share, the limit included, and after the last stage", () => {
  const rule = { stages: 2, stopShare: 0.25 };
  assert.equal(stopReason({ positiveShare: 0.3 }, 0, rule), undefined);
  assert.match(
    stopReason({ positiveShare: 0.25 }, 0, rule) ?? "",
    /^25\.0% of the pool help, no more than 25%/,
  );
  assert.match(stopReason({ positiveShare: 0.9 }, 2, rule) ?? "", /all 2 stages/);
  assert.match(stopReason({ positiveShare: 0 }, 0, { stages: 2, stopShare: 0 }) ?? "", /^0\.0%/);
});
