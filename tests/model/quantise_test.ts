import assert from "node:assert/strict";
import fc from "fast-check";
import { UsageError } from "../../lib/core/errors.ts";
import { type ModelConfig, parameterLayout } from "../../lib/model/config.ts";
import { initialise } from "../../lib/model/initialise.ts";
import {
  dequantise,
  dequantiseModel,
  paperGroup,
  quantise,
  quantiseModel,
} from "../../lib/model/quantise.ts";
import { FUNCTIONS, SMALL_MODEL } from "../backends/small_model.ts";

Deno.test("paperGroup() is 32 for 140M and less, 128 for 360M and 950M", () => {
  assert.deepEqual([3e5, 140e6, 359e6, 949e6].map(paperGroup), [32, 32, 128, 128]);
});

Deno.test("quantise() packs two columns a byte, the even one low, around 8", () => {
  const { packed, scales } = quantise("w", Float32Array.of(-7, 7, 0, 1, 3.5, -1, 0, 0), 2, 4, 2);
  assert.deepEqual([...scales], [1, 0.142822265625, 0.5, 0]);
  assert.deepEqual([...packed], [0xf1, 0xf8, 0x6f, 0x88]);
});

Deno.test("quantise() takes max/8 where only the negative end is large", () => {
  // −8 … 7 in eighths: exact with max/8, not with max/7.
  const weights = Float32Array.from({ length: 16 }, (_, i) => (i - 8) / 8);
  const matrix = quantise("w", weights, 1, 16, 16);
  assert.deepEqual([...matrix.scales], [0.125]);
  assert.deepEqual(dequantise(matrix), weights);
});

Deno.test("quantise() is off by half a step at most, but for the positive end of max/8", () => {
  const weight = fc.float({ min: -100, max: 100, noNaN: true });
  fc.assert(fc.property(fc.array(weight, { minLength: 8, maxLength: 8 }), (values) => {
    const weights = Float32Array.from(values);
    const matrix = quantise("w", weights, 1, 8, 8);
    const [scale = NaN] = matrix.scales;
    const largest = Math.max(...weights.map(Math.abs));
    // The scale is rounded to half precision, and subnormal below 6·10⁻⁵.
    assert.ok(
      Math.abs(scale - largest / 7) < 1e-3 * scale + 6e-8 ||
        Math.abs(scale - largest / 8) < 1e-3 * scale + 6e-8,
    );
    const error = (step: number) =>
      weights.reduce(
        (sum, w) =>
          sum + (w - step * Math.min(7, Math.max(-8, step === 0 ? 0 : Math.floor(w / step + 0.5)))) ** 2,
        0,
      );
    const own = dequantise(matrix).reduce((sum, value, i) => sum + (value - (weights[i] ?? NaN)) ** 2, 0);
    assert.ok(
      own <=
        Math.min(error(Math.f16round(largest / 7)), error(Math.f16round(largest / 8))) * (1 + 1e-5) + 1e-12,
    );
  }));
});

Deno.test("quantiseModel() packs matrices, keeps norms, and comes back near", () => {
  for (const chosen of FUNCTIONS) {
    for (const tiedEmbeddings of [true, false]) {
      const config: ModelConfig = { ...SMALL_MODEL, ...chosen, tiedEmbeddings };
      const weights = initialise(config, 2);
      const packed = quantiseModel({ config, weights }, { group: 8, embeddingGroup: 4, activationBits: 8 });
      const back = dequantiseModel(packed);
      for (const { name, kind, offset, size } of parameterLayout(config)) {
        const group = kind === "linear" ? 8 : 4;
        assert.equal(packed.matrices.get(name)?.group, kind === "norm" ? undefined : group);
        const own = weights.subarray(offset, offset + size);
        const other = back.weights.subarray(offset, offset + size);
        const error = Math.hypot(...own.map((w, i) => w - (other[i] ?? NaN))) / Math.hypot(...own);
        assert.ok(kind === "norm" ? error === 0 : error > 0 && error < 0.1, `${name}: ${error}`);
      }
    }
  }
});

Deno.test("quantise() refuses groups that do not fit, and weights that are no numbers", () => {
  const refuses = (weights: Float32Array, group: number, message: RegExp) =>
    assert.throws(
      () => quantise("w", weights, 1, weights.length, group),
      (error) => error instanceof UsageError && message.test(error.message),
    );
  refuses(new Float32Array(8), 3, /w: group is 3, expected an even divisor of its 8 columns/);
  refuses(new Float32Array(8), 16, /group is 16/);
  refuses(Float32Array.of(1, NaN), 2, /w: a weight is not finite/);
  refuses(Float32Array.of(1, 1e30), 2, /w: a weight is not finite/);
});
