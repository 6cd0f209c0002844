import assert from "node:assert/strict";
import { Random } from "../../lib/core/random.ts";
import { Reservoir } from "../../lib/curation/reservoir.ts";

Deno.test("Reservoir takes every item of a short stream, and makes no more than it takes", () => {
  const reservoir = new Reservoir<number>(5, Random.of(1, "short"));
  for (let i = 0; i < 5; i++) reservoir.offer(() => i);
  assert.deepEqual(reservoir.items, [0, 1, 2, 3, 4]);
  const none = new Reservoir<number>(0, Random.of(1, "none"));
  none.offer(() => assert.fail("made in vain"));
  assert.deepEqual(none.items, []);
});

Deno.test("Reservoir takes every place of a long stream alike", () => {
  const taken = new Array<number>(20).fill(0);
  for (let seed = 0; seed < 2000; seed++) {
    const reservoir = new Reservoir<number>(5, Random.of(seed, "long"));
    for (let i = 0; i < 20; i++) reservoir.offer(() => i);
    assert.equal(new Set(reservoir.items).size, 5);
    for (const i of reservoir.items) taken[i]!++;
  }
  // 500 expected, standard deviation 19.
  assert.ok(taken.every((count) => Math.abs(count - 500) < 80), taken.join());
});
