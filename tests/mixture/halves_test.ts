import assert from "node:assert/strict";
import fc from "fast-check";
import { probeAndCandidates } from "../../lib/mixture/halves.ts";

Deno.test("probeAndCandidates() gives disjoint halves that are everything", () => {
  fc.assert(fc.property(fc.nat({ max: 100 }), fc.nat(), (count, seed) => {
    const { probe, candidates } = probeAndCandidates(count, seed, "code", false);
    assert.equal(probe.length, Math.floor(count / 2));
    const all = [...probe, ...candidates].sort((a, b) => a - b);
    assert.deepEqual(all, Array.from({ length: count }, (_, i) => i));
    assert.deepEqual(probeAndCandidates(count, seed, "code", false), { probe, candidates });
  }));
});

Deno.test("probeAndCandidates() splits by seed and source", () => {
  const probe = (seed: number, source: string) => probeAndCandidates(50, seed, source, false).probe;
  assert.notDeepEqual(probe(1, "code"), probe(2, "code"));
  assert.notDeepEqual(probe(1, "code"), probe(1, "math"));
});

Deno.test("probeAndCandidates() with overlap gives everything twice", () => {
  assert.deepEqual(probeAndCandidates(3, 1, "code", true), { probe: [0, 1, 2], candidates: [0, 1, 2] });
});
