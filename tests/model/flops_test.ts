import assert from "node:assert/strict";
import { stepFlops } from "../../kernels/wasm/flops.ts";
import { MODEL_SIZES, type ModelConfig, parameterCount } from "../../lib/model/config.ts";
import { forwardFlopsPerToken, trainingFlopsPerToken } from "../../lib/model/flops.ts";

const tiny: ModelConfig = {
  ...MODEL_SIZES["140m"],
  vocabularySize: 10,
  width: 8,
  layers: 1,
  heads: 2,
  keyValueHeads: 1,
  headSize: 4,
  feedForwardWidth: 12,
};

Deno.test("forwardFlopsPerToken() counts every product once", () => {
  // q 8·8, k and v 8·4 each, o 8·8, three of 8·12, head 10·8; attention: 2 products of 2 heads of 4, over 1 … 5 positions.
  const weights = 64 + 32 + 32 + 64 + 3 * 96 + 80;
  assert.equal(forwardFlopsPerToken(tiny, 5), 2 * weights + 2 * 2 * 2 * 4 * 3);
});

Deno.test("trainingFlopsPerToken() is 6 a parameter but for norms and an embedding that is only looked up, and attention", () => {
  for (const tiedEmbeddings of [true, false]) {
    for (const size of Object.values(MODEL_SIZES)) {
      const config = { ...size, tiedEmbeddings };
      const { layers, width, vocabularySize, heads, headSize } = config;
      const norms = width * (2 * layers + 1), lookedUp = tiedEmbeddings ? 0 : vocabularySize * width;
      const attention = trainingFlopsPerToken(config, 2047) - 6 * (parameterCount(config) - norms - lookedUp);
      assert.equal(attention, 12 * layers * heads * headSize * 1024);
    }
  }
});

Deno.test("trainingFlopsPerToken() is what the CPU's kernels do, without the scores that they compute again", () => {
  const { products, attention } = stepFlops(tiny, 3, 32);
  assert.ok(Math.abs(3 * 32 * trainingFlopsPerToken(tiny, 32) - (products + attention * 6 / 7)) < 1e-6);
});
