import assert from "node:assert/strict";
import fc from "fast-check";
import { rotaryTable } from "../../../../kernels/wasm/memory/rotary_table.ts";
import { ropeFrequencies } from "../../../../lib/model/rope.ts";

const SHAPE = {
  vocabularySize: 1,
  width: 4,
  layers: 1,
  heads: 1,
  keyValueHeads: 1,
  feedForwardWidth: 4,
  normEpsilon: 1e-5,
  queryKeyNorm: "none",
  tiedEmbeddings: true,
} as const;

Deno.test("rotaryTable() holds the reference's angles, scaled or not", () => {
  const scalings = fc.record({
    factor: fc.integer({ min: 1, max: 32 }),
    lowFrequencyFactor: fc.integer({ min: 1, max: 3 }),
    highFrequencyFactor: fc.integer({ min: 4, max: 8 }),
    originalMaxPositions: fc.integer({ min: 1, max: 8192 }),
  });
  fc.assert(fc.property(
    fc.constantFrom(4, 8, 64),
    fc.integer({ min: 10, max: 1e6 }),
    fc.option(scalings),
    (headSize, ropeTheta, ropeScaling) => {
      const shape = { ...SHAPE, headSize, ropeTheta, ropeScaling };
      const table = rotaryTable(shape, 5);
      for (const [pair, frequency] of ropeFrequencies(shape).entries()) {
        for (let position = 0; position < 5; position++) {
          const at = (position * headSize + 4 * (pair >> 1)) * 2 + 2 * (pair & 1);
          const angle = position * frequency;
          const [cos = NaN, cosAgain = NaN] = table.subarray(at, at + 2);
          const [minusSin = NaN, sin = NaN] = table.subarray(at + 4, at + 6);
          assert.equal(cos, cosAgain);
          assert.equal(minusSin, -sin);
          assert.ok(Math.hypot(cos - Math.cos(angle), sin - Math.sin(angle)) < 1e-6);
        }
      }
    },
  ));
});
