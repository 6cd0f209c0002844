/** The smallest model, which GRPO's tests train. */
import type { ModelConfig } from "../../../lib/model/config.ts";

export const config: ModelConfig = {
  type: "llama4_text",
  vocabularySize: 11,
  width: 16,
  layers: 1,
  heads: 2,
  keyValueHeads: 1,
  headSize: 8,
  feedForwardWidth: 16,
  ropeTheta: 10000,
  ropeScaling: null,
  normEpsilon: 1e-5,
  queryKeyNorm: "after rope",
  tiedEmbeddings: true,
  maxPositions: 64,
  initializerRange: 0.3,
};
