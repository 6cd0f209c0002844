import assert from "node:assert/strict";
import fc from "fast-check";
import { toBfloat16, toFloat16 } from "../../lib/model/half_floats.ts";

/** A bfloat16 as the float that it stands for. */
function widened(half: number): number {
  return new Float32Array(Uint32Array.of(half << 16).buffer)[0] ?? NaN;
}

Deno.test("toBfloat16() gives the nearest bfloat16, the even one of two as near", () => {
  fc.assert(
    fc.property(fc.float({ min: -Math.fround(3e38), max: Math.fround(3e38), noNaN: true }), (value) => {
      const [half = 0] = toBfloat16(Float32Array.of(value));
      const distance = Math.abs(widened(half) - value);
      for (const other of [half - 1, half + 1]) {
        // One past the ends of a sign's range are infinities, NaN or the other sign: none is nearer.
        const away = Math.abs(widened(other & 0xffff) - value);
        assert.ok(!(away < distance));
        if (away === distance && distance > 0) assert.equal(half % 2, 0);
      }
    }),
  );
});

Deno.test("toBfloat16() keeps infinities and NaN", () => {
  // The last bits of this NaN would carry into its exponent.
  const nan = new Float32Array(Uint32Array.of(0x7fffffff).buffer);
  const halves = toBfloat16(Float32Array.of(Infinity, -Infinity, NaN));
  assert.deepEqual([...halves].map(widened), [Infinity, -Infinity, NaN]);
  assert.ok(Number.isNaN(widened(toBfloat16(nan)[0] ?? 0)));
});

Deno.test("toFloat16() refuses finite values beyond its range, and keeps what is not finite", () => {
  assert.deepEqual([...toFloat16(Float32Array.of(1.5, -65504, 2 ** -24))], [1.5, -65504, 2 ** -24]);
  assert.deepEqual([...toFloat16(Float32Array.of(Infinity, NaN))], [Infinity, NaN]);
  assert.throws(
    () => toFloat16(Float32Array.of(0, 70000)),
    new RangeError("70000 exceeds the range of float16, ±65504"),
  );
});
