import assert from "node:assert/strict";
import { MODEL_SIZES } from "../../lib/model/config.ts";
import { describeModel } from "../../lib/model/description.ts";

Deno.test("describeModel() counts parameters and the bytes of weights and training state", () => {
  const { parameters, embeddingParameters, memory } = describeModel(MODEL_SIZES["140m"]);
  assert.equal(parameters, 140_248_512);
  assert.equal(embeddingParameters, 128_256 * 576);
  assert.deepEqual(memory, { weightBytes: 4 * 140_248_512, trainingStateBytes: 16 * 140_248_512 });
});

Deno.test("describeModel() counts an untied head among the embeddings", () => {
  const config = { ...MODEL_SIZES["140m"], tiedEmbeddings: false };
  assert.equal(describeModel(config).embeddingParameters, 2 * 128_256 * 576);
});
