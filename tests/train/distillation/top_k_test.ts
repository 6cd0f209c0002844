import assert from "node:assert/strict";
import fc from "fast-check";
import { UsageError } from "../../../lib/core/errors.ts";
import { topK } from "../../../lib/train/distillation/top_k.ts";

Deno.test("topK() is the beginning of a stable descending sort, row by row", () => {
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 9 }).chain((size) =>
      fc.record({
        size: fc.constant(size),
        k: fc.integer({ min: 1, max: size }),
        rows: fc.array(
          fc.array(fc.constantFrom(-Infinity, -2, -0.5, 0, 1, 3), { minLength: size, maxLength: size }),
          { minLength: 1, maxLength: 4 },
        ),
      })
    ),
    ({ size, k, rows }) => {
      const { logits, ids } = topK(Float32Array.from(rows.flat()), size, k);
      const expected = rows.map((row) =>
        row.map((value, id) => ({ value, id })).sort((a, b) =>
          b.value > a.value ? 1 : b.value < a.value ? -1 : 0
        )
          .slice(0, k)
      ).flat();
      assert.deepEqual([...logits], expected.map(({ value }) => value));
      assert.deepEqual([...ids], expected.map(({ id }) => id));
    },
  ));
});

Deno.test("topK() refuses a k outside the vocabulary", () => {
  for (const k of [0, 4, 1.5]) assert.throws(() => topK(new Float32Array(3), 3, k), UsageError);
});
