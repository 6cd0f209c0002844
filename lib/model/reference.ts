/**
 * The model written in tfjs operations: what a reader takes apart, and what every kernel is checked against.
 *
 * Shapes: B sequences, T positions, D width, H query heads, K key and value heads, G = H/K query heads to each of
 * those, d head size, F feed-forward width, V vocabulary. It computes what transformers' `llama4_text` computes for
 * dense layers, and `llama` and `qwen3`. Nothing is fused or cached here, and all logits are held at once: for small models.
 * @module
 */
import { type ModelConfig, parameterLayout } from "./config.ts";
import { gather } from "./gather.ts";
import { ropeFrequencies } from "./rope.ts";
import { tf } from "./tensorflow.ts";

/** A model's tensors by their names in `parameterLayout`. */
export type Parameters = ReadonlyMap<string, tf.Tensor>;

/**
 * One tensor per parameter, in the order of `parameterLayout`. They may share the flat array's memory, so it must not
 * change while they live; the caller disposes of them.
 */
export function parameterTensors(config: ModelConfig, weights: Float32Array): tf.Tensor[] {
  return parameterLayout(config).map(({ offset, size, shape }) =>
    tf.tensor(weights.subarray(offset, offset + size), [...shape])
  );
}

/** Gives the tensors of `parameterTensors` their names. */
export function namedParameters(config: ModelConfig, tensors: readonly tf.Tensor[]): Parameters {
  // There is one tensor per parameter.
  return new Map(parameterLayout(config).map(({ name }, i) => [name, tensors[i] as tf.Tensor]));
}

function parameter(parameters: Parameters, name: string): tf.Tensor {
  const tensor = parameters.get(name);
  if (tensor === undefined) throw new RangeError(`The model's parameters have no "${name}".`);
  return tensor;
}

/** y = x·Wᵀ, x […, in], W [out, in] → […, out]. */
export function linear(x: tf.Tensor, weight: tf.Tensor): tf.Tensor {
  const [out = 0, width = 0] = weight.shape;
  return tf.matMul(x.reshape([-1, width]), weight, false, true).reshape([...x.shape.slice(0, -1), out]);
}

/** x · rsqrt(mean(x²) + ε) over the last axis, without a weight (Zhang and Sennrich, 2019). */
export function rootMeanSquareNorm(x: tf.Tensor, epsilon: number): tf.Tensor {
  return x.mul(x.square().mean(-1, true).add(epsilon).rsqrt());
}

/**
 * Rotary position embedding: the adjacent pair (2i, 2i+1) of position t is turned by t · frequencies[i]
 * (Su et al., 2021; interleaved, as complex numbers). x [B, heads, T, d], frequencies [d / 2].
 */
export function rotate(x: tf.Tensor, frequencies: Float32Array): tf.Tensor {
  const [sequences = 0, heads = 0, length = 0, headSize = 0] = x.shape;
  const angles = tf.range(0, length).expandDims(1).mul(frequencies);
  const [cos, sin] = [angles.cos(), angles.sin()];
  const [real, imaginary] = tf.unstack(x.reshape([sequences, heads, length, headSize / 2, 2]), -1);
  if (real === undefined || imaginary === undefined) throw new RangeError("unstack gave no pair.");
  return tf.stack([
    real.mul(cos).sub(imaginary.mul(sin)),
    real.mul(sin).add(imaginary.mul(cos)),
  ], -1).reshape(x.shape);
}

/**
 * What is added to attention scores [B, 1, T, T]: 0 where the query's position may see the key's, −∞ elsewhere.
 * A position sees itself and those before it, back to the last change of document.
 *
 * @param documents Document number of each position [B · T]; absent: one document a sequence.
 */
export function attentionMask(sequences: number, length: number, documents?: Uint32Array): tf.Tensor {
  const mask = new Float32Array(sequences * length * length).fill(-Infinity);
  for (let sequence = 0; sequence < sequences; sequence++) {
    let start = 0;
    for (let query = 0; query < length; query++) {
      const position = sequence * length + query;
      if (query > 0 && documents?.[position] !== documents?.[position - 1]) start = query;
      const row = position * length;
      mask.fill(0, row + start, row + query + 1);
    }
  }
  return tf.tensor(mask, [sequences, 1, length, length]);
}

/**
 * Grouped-query attention of one layer, x [B, T, D] → [B, T, D]:
 * softmax(q·kᵀ/√d + mask)·v, query head h reading key and value head ⌊h/G⌋ (Ainslie et al., 2023).
 */
export function attention(
  config: ModelConfig,
  parameters: Parameters,
  layer: number,
  x: tf.Tensor,
  mask: tf.Tensor,
): tf.Tensor {
  const { heads, keyValueHeads, headSize } = config;
  const [sequences = 0, length = 0] = x.shape;
  const project = (name: string, count: number) =>
    linear(x, parameter(parameters, `model.layers.${layer}.self_attn.${name}.weight`))
      .reshape([sequences, length, count, headSize]).transpose([0, 2, 1, 3]);
  const frequencies = ropeFrequencies(config);
  const place = (states: tf.Tensor, norm: string) => {
    switch (config.queryKeyNorm) {
      case "none":
        return rotate(states, frequencies);
      case "after rope":
        return rootMeanSquareNorm(rotate(states, frequencies), config.normEpsilon);
      case "before rope, weighted": {
        const weight = parameter(parameters, `model.layers.${layer}.self_attn.${norm}.weight`);
        return rotate(rootMeanSquareNorm(states, config.normEpsilon).mul(weight), frequencies);
      }
    }
  };
  // The G query heads of a group are stacked as G·T rows over one key head: no key is copied.
  const grouped = [sequences, keyValueHeads, -1, headSize];
  const query = place(project("q_proj", heads), "q_norm").reshape(grouped);
  const key = place(project("k_proj", keyValueHeads), "k_norm");
  const value = project("v_proj", keyValueHeads);
  const scores = tf.matMul(query, key, false, true).mul(headSize ** -0.5);
  const probabilities = tf.softmax(scores.reshape([sequences, heads, length, length]).add(mask));
  const mixed = tf.matMul(probabilities.reshape([sequences, keyValueHeads, -1, length]), value);
  const merged = mixed.reshape([sequences, heads, length, headSize]).transpose([0, 2, 1, 3])
    .reshape([sequences, length, heads * headSize]);
  return linear(merged, parameter(parameters, `model.layers.${layer}.self_attn.o_proj.weight`));
}

/** SwiGLU of one layer, x [B, T, D] → [B, T, D]: W_down(silu(W_gate·x) ∘ W_up·x) (Shazeer, 2020). */
export function feedForward(parameters: Parameters, layer: number, x: tf.Tensor): tf.Tensor {
  const weight = (name: string) =>
    parameter(parameters, `model.layers.${layer}.feed_forward.${name}_proj.weight`);
  const gate = linear(x, weight("gate"));
  return linear(gate.mul(gate.sigmoid()).mul(linear(x, weight("up"))), weight("down"));
}

/** The residual stream after the final norm [B, T, D]: what the head reads. tokens [B, T], mask as `attentionMask`. */
export function hiddenStates(
  config: ModelConfig,
  parameters: Parameters,
  tokens: tf.Tensor,
  mask: tf.Tensor,
): tf.Tensor {
  const norm = (states: tf.Tensor, name: string) =>
    rootMeanSquareNorm(states, config.normEpsilon).mul(parameter(parameters, `model.${name}.weight`));
  let x = gather(parameter(parameters, "model.embed_tokens.weight"), tokens.expandDims(-1));
  for (let layer = 0; layer < config.layers; layer++) {
    x = x.add(attention(config, parameters, layer, norm(x, `layers.${layer}.input_layernorm`), mask));
    x = x.add(feedForward(parameters, layer, norm(x, `layers.${layer}.post_attention_layernorm`)));
  }
  return norm(x, "norm");
}

/** Logits […, V] of hidden states […, D], by the tied embedding or the head. */
export function head(config: ModelConfig, parameters: Parameters, hidden: tf.Tensor): tf.Tensor {
  return linear(
    hidden,
    parameter(parameters, config.tiedEmbeddings ? "model.embed_tokens.weight" : "lm_head.weight"),
  );
}
