/**
 * How transformers stores a model's tensors: under which names, and with which order of a head's elements.
 *
 * `llama` and `qwen3` rotate the elements i and i + d/2 of a head of d, this project the neighbours 2i and 2i + 1 (as
 * `llama4_text` does). The two agree when the elements of each head of q and k, rows of their projections, are put in another
 * order: element 2i is the file's i, element 2i + 1 the file's i + d/2. Scores, sums over a head, do not notice.
 * @module
 */
import type { ModelConfig, ParameterSpec } from "./config.ts";

/** The name of a tensor in the files of its model's type. */
export function storedName({ type }: ModelConfig, name: string): string {
  return type === "llama4_text" ? name : name.replace(".feed_forward.", ".mlp.");
}

/** Tensors whose first axis runs over the elements of heads that RoPE turns. */
const TURNED = /\.self_attn\.(?:[qk]_proj|[qk]_norm)\.weight$/;

/**
 * Moves a tensor's values from the order of its type's files to ours, or back.
 *
 * @param values [size of `spec`] in one order; the result may be the same array.
 *
 * @example
 * ```ts
 * import { MODEL_SIZES, parameterLayout } from "./config.ts";
 * import { reorderHeads } from "./hugging_face_tensors.ts";
 * import assert from "node:assert/strict";
 * const config = { ...MODEL_SIZES["140m"], type: "qwen3", queryKeyNorm: "before rope, weighted", headSize: 4 } as const;
 * const norm = parameterLayout(config).find(({ name }) => name.includes("q_norm"));
 * assert.ok(norm);
 * assert.deepEqual(reorderHeads(config, norm, Float32Array.of(0, 1, 2, 3), "from file"), Float32Array.of(0, 2, 1, 3));
 * ```
 */
export function reorderHeads(
  { type, headSize }: ModelConfig,
  { name, shape }: ParameterSpec,
  values: Float32Array,
  direction: "from file" | "to file",
): Float32Array {
  if (type === "llama4_text" || !TURNED.test(name)) return values;
  const [rows = 0, width = 1] = shape;
  const result = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    const element = row % headSize;
    const stored = row - element + (element >> 1) + (element & 1) * (headSize / 2);
    const [from, to] = direction === "from file" ? [stored, row] : [row, stored];
    result.set(values.subarray(from * width, (from + 1) * width), to * width);
  }
  return result;
}
