import assert from "node:assert/strict";
import fc from "fast-check";
import { DisjointSets, keptOfCluster, listDuplicates } from "../../lib/curation/clusters.ts";

const SIZE = 12;
const pairs = fc.array(fc.tuple(fc.nat({ max: SIZE - 1 }), fc.nat({ max: SIZE - 1 })), { maxLength: 15 });

/** Components by walking the graph. */
function components(edges: readonly [number, number][]): number[] {
  const roots = Array.from({ length: SIZE }, (_, i) => i);
  for (let changed = true; changed;) {
    changed = false;
    for (const [a, b] of edges) {
      const least = Math.min(roots[a]!, roots[b]!);
      changed ||= roots[a] !== least || roots[b] !== least;
      roots[a] = roots[b] = least;
    }
  }
  return roots;
}

Deno.test("DisjointSets finds the components of a graph, in any order of its edges", () => {
  fc.assert(fc.property(pairs, (edges) => {
    for (const order of [edges, edges.toReversed()]) {
      const sets = new DisjointSets(SIZE);
      for (const [a, b] of order) sets.join(a, b);
      assert.deepEqual([...sets.roots()], components(edges));
    }
  }));
});

Deno.test("keptOfCluster() keeps the best document of each cluster, of equals the first", () => {
  fc.assert(
    fc.property(
      pairs,
      fc.array(fc.nat({ max: 3 }), { minLength: SIZE, maxLength: SIZE }),
      (edges, scores) => {
        const roots = components(edges);
        const kept = keptOfCluster(roots, scores);
        const first = keptOfCluster(roots);
        for (let i = 0; i < SIZE; i++) {
          const members = roots.flatMap((root, member) => root === roots[i] ? [member] : []);
          const best = Math.max(...members.map((member) => scores[member]!));
          assert.equal(kept[i], members.find((member) => scores[member] === best));
          assert.equal(first[i], members[0]);
        }
      },
    ),
  );
});

Deno.test("listDuplicates() names what is not kept, and what stands for it", () => {
  const documents = ["a", "b", "c"].map((id, i) => ({ id, source: `s${i}` }));
  assert.deepEqual(listDuplicates(documents, Uint32Array.of(1, 1, 2)), [
    { id: "a", source: "s0", keptId: "b", keptSource: "s1" },
  ]);
});
