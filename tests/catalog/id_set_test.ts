import assert from "node:assert/strict";
import fc from "fast-check";
import { IdSet } from "../../lib/catalog/id_set.ts";
import { documentId } from "../../lib/sources/document.ts";

Deno.test("add() agrees with a Set of the first 16 digits", () => {
  const digits = fc.stringMatching(/^[0-9a-f]{16}$/);
  // Few distinct digits make repetitions and full runs of slots.
  const near = fc.integer({ min: 0, max: 50 }).map((n) => n.toString(16).padStart(16, "0"));
  fc.assert(fc.property(fc.array(fc.oneof(digits, near), { maxLength: 300 }), (ids) => {
    const set = new IdSet(), expected = new Set<string>();
    for (const id of ids) {
      // The all-zero id shares a slot with 1, which no hash will meet.
      const key = id === "0".repeat(16) ? "0".repeat(15) + "1" : id;
      assert.equal(set.add(id), !expected.has(key));
      expected.add(key);
    }
    assert.equal(set.size, expected.size);
  }));
});

Deno.test("add() grows beyond its first slots", () => {
  const set = new IdSet();
  for (let i = 0; i < 5000; i++) assert.ok(set.add(documentId(String(i))));
  for (let i = 0; i < 5000; i++) assert.ok(!set.add(documentId(String(i))));
  assert.equal(set.size, 5000);
});
