import assert from "node:assert/strict";
import { estimateJaccard, MinHash, shinglesOf } from "../../lib/curation/minhash.ts";
import { mix } from "../../lib/curation/words.ts";

const PERMUTATIONS = 128;

/** Two sets of hashes that share `shared` of `total`. */
function setsOf(trial: number, shared: number, total: number): [Uint32Array, Uint32Array] {
  const own = (total - shared) / 2;
  const hashes = Uint32Array.from({ length: total }, (_, i) => mix(trial * 100_003 + i + 1));
  return [
    hashes.slice(0, shared + own),
    Uint32Array.of(...hashes.slice(0, shared), ...hashes.slice(shared + own)),
  ];
}

function signatureOf(hash: MinHash, set: Uint32Array): Uint32Array {
  const signature = new Uint32Array(PERMUTATIONS);
  hash.sign(set, signature);
  return signature;
}

Deno.test("MinHash estimates J without bias, and spreads as independent permutations do", () => {
  const trials = 400;
  for (const [shared, total] of [[20, 100], [4, 8], [160, 200]] as const) {
    const jaccard = shared / total;
    const estimates = Array.from({ length: trials }, (_, trial) => {
      const hash = new MinHash(PERMUTATIONS, trial);
      const [a, b] = setsOf(trial, shared, total);
      return estimateJaccard(PERMUTATIONS, signatureOf(hash, a), signatureOf(hash, b));
    });
    const mean = estimates.reduce((sum, value) => sum + value, 0) / trials;
    const variance = estimates.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (trials - 1);
    const expected = jaccard * (1 - jaccard) / PERMUTATIONS;
    // Four standard errors of the mean.
    assert.ok(Math.abs(mean - jaccard) < 4 * Math.sqrt(expected / trials), `mean ${mean} for ${jaccard}`);
    assert.ok(
      variance / expected > 0.6 && variance / expected < 1.6,
      `variance ratio ${variance / expected}`,
    );
  }
});

Deno.test("MinHash looks at the set alone: order and repetition change nothing", () => {
  const hash = new MinHash(PERMUTATIONS, 1);
  const [set] = setsOf(1, 0, 40);
  assert.deepEqual(signatureOf(hash, set), signatureOf(hash, Uint32Array.of(...set.toReversed(), ...set)));
});

Deno.test("estimateJaccard() reads signatures inside longer arrays", () => {
  assert.equal(estimateJaccard(4, Uint16Array.of(9, 1, 2, 3, 4), Uint16Array.of(1, 2, 0, 4), 1), 0.75);
});

Deno.test("shinglesOf() gives a run of words each, and short texts as a whole", () => {
  assert.equal(shinglesOf("a b c d e f", 5).length, 2);
  assert.equal(shinglesOf("a b", 5).length, 1);
  assert.equal(shinglesOf("?", 5).length, 0);
  assert.deepEqual(shinglesOf("a b c d e f", 5).subarray(1), shinglesOf("b c d e f", 5));
});
