/**
 * `config.json` in and out, as transformers' `llama4_text` has it (5.x, and 4.51 or later).
 * @module
 */
import { z } from "zod";
import { UsageError } from "../core/errors.ts";
import { checkModelConfig, type ModelConfig } from "./config.ts";

/** A JSON value in an error message. */
function show(value: unknown): string {
  return value === undefined ? "missing" : JSON.stringify(value);
}

const whole = z.int().positive();

/** What is read; a key that transformers may leave out has the default that transformers gives it. */
const file = z.object({
  vocab_size: whole,
  hidden_size: whole,
  intermediate_size_mlp: whole,
  num_hidden_layers: whole,
  num_attention_heads: whole,
  num_key_value_heads: whole.nullish(),
  head_dim: whole.nullish(),
  max_position_embeddings: whole.default(131072),
  initializer_range: z.number().positive().default(0.02),
  rms_norm_eps: z.number().positive().default(1e-5),
  use_qk_norm: z.boolean().default(true),
  tie_word_embeddings: z.boolean().default(false),
  attention_bias: z.boolean().default(false),
  attention_dropout: z.number().default(0),
  hidden_act: z.string().default("silu"),
  moe_layers: z.array(z.int()).nullish(),
  interleave_moe_layer_step: z.int().default(1),
  no_rope_layers: z.array(z.int()).nullish(),
  no_rope_layer_interval: z.int().default(4),
  layer_types: z.array(z.string()).nullish(),
  attention_chunk_size: z.int().nullable().default(8192),
  /** transformers 5. */
  rope_parameters: z.looseObject({
    rope_type: z.string().optional(),
    rope_theta: z.number().positive().optional(),
  })
    .nullish(),
  /** transformers 4. */
  rope_theta: z.number().positive().optional(),
  rope_scaling: z.unknown().optional(),
});

/**
 * Reads a config.json.
 *
 * @param json The parsed file.
 * @param origin The file's name, for messages.
 * @throws {UsageError} naming the key, its value and what is supported: for another model type, a missing or wrong
 * value, and whatever changes the function this project computes (experts, layers without RoPE, RoPE scaling, biases,
 * dropout, chunked attention shorter than the context).
 */
export function configFromHuggingFace(json: unknown, origin: string): ModelConfig {
  const refuse = (key: string, value: unknown, supported: string): never => {
    throw new UsageError(`${origin}: ${key} is ${show(value)}, supported: ${supported}.`);
  };
  const type = z.looseObject({ model_type: z.unknown() }).safeParse(json).data?.model_type;
  if (type !== "llama4_text") refuse("model_type", type, '"llama4_text"');
  const parsed = file.safeParse(json, { reportInput: true });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const what = issue?.message.replace(/^Invalid input: |, received \w+$/g, "");
    throw new UsageError(`${origin}: ${issue?.path.join(".")} is ${show(issue?.input)}, ${what}.`);
  }
  const hub = parsed.data;
  const layers = hub.num_hidden_layers;

  const step = hub.interleave_moe_layer_step;
  if (hub.moe_layers == null ? step > 0 && step <= layers : hub.moe_layers.length > 0) {
    refuse("moe_layers", hub.moe_layers ?? undefined, "[] (no layer with experts)");
  }
  // transformers also takes an empty list for a missing one.
  const rotary = hub.no_rope_layers?.length
    ? hub.no_rope_layers
    : Array.from({ length: layers }, (_, i) => Number((i + 1) % hub.no_rope_layer_interval !== 0));
  if (rotary.length < layers || rotary.slice(0, layers).includes(0)) {
    refuse("no_rope_layers", hub.no_rope_layers ?? undefined, `${layers} ones (RoPE in every layer)`);
  }
  const chunked = hub.layer_types?.includes("chunked_attention") ?? true;
  if (
    chunked && hub.attention_chunk_size !== null && hub.attention_chunk_size < hub.max_position_embeddings
  ) {
    refuse(
      "attention_chunk_size",
      hub.attention_chunk_size,
      `at least max_position_embeddings (${hub.max_position_embeddings}), so that attention sees the whole context`,
    );
  }
  if (hub.hidden_act !== "silu") refuse("hidden_act", hub.hidden_act, '"silu"');
  if (hub.attention_bias) refuse("attention_bias", true, "false");
  if (hub.attention_dropout !== 0) refuse("attention_dropout", hub.attention_dropout, "0");
  const ropeType = hub.rope_parameters?.rope_type ?? "default";
  if (ropeType !== "default") refuse("rope_parameters.rope_type", ropeType, '"default"');
  if (hub.rope_scaling != null) refuse("rope_scaling", hub.rope_scaling, "null");

  try {
    return checkModelConfig({
      vocabularySize: hub.vocab_size,
      width: hub.hidden_size,
      layers,
      heads: hub.num_attention_heads,
      keyValueHeads: hub.num_key_value_heads ?? hub.num_attention_heads,
      headSize: hub.head_dim ?? hub.hidden_size / hub.num_attention_heads,
      feedForwardWidth: hub.intermediate_size_mlp,
      ropeTheta: hub.rope_parameters?.rope_theta ?? hub.rope_theta ?? 500_000,
      normEpsilon: hub.rms_norm_eps,
      queryKeyNorm: hub.use_qk_norm,
      tiedEmbeddings: hub.tie_word_embeddings,
      maxPositions: hub.max_position_embeddings,
      initializerRange: hub.initializer_range,
    });
  } catch (error) {
    throw error instanceof UsageError ? new UsageError(`${origin}: ${error.message}`) : error;
  }
}

/** The config.json with which transformers (4.51 or later) computes exactly this model. */
export function configToHuggingFace(config: ModelConfig): Record<string, unknown> {
  const perLayer = <T>(value: T) => Array<T>(config.layers).fill(value);
  return {
    architectures: ["Llama4ForCausalLM"],
    model_type: "llama4_text",
    vocab_size: config.vocabularySize,
    hidden_size: config.width,
    // Dense layers read intermediate_size_mlp; intermediate_size is the experts'.
    intermediate_size: config.feedForwardWidth,
    intermediate_size_mlp: config.feedForwardWidth,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    num_key_value_heads: config.keyValueHeads,
    head_dim: config.headSize,
    hidden_act: "silu",
    max_position_embeddings: config.maxPositions,
    initializer_range: config.initializerRange,
    rms_norm_eps: config.normEpsilon,
    use_qk_norm: config.queryKeyNorm,
    tie_word_embeddings: config.tiedEmbeddings,
    attention_bias: false,
    attention_dropout: 0,
    moe_layers: [],
    num_local_experts: 0,
    num_experts_per_tok: 0,
    interleave_moe_layer_step: 0,
    // In transformers 1 means with RoPE.
    no_rope_layers: perLayer(1),
    layer_types: perLayer("full_attention"),
    // transformers 4.51 to 4.53 chunk whatever layer_types says; a chunk of the whole context is full attention.
    attention_chunk_size: config.maxPositions,
    attn_temperature_tuning: false,
    rope_parameters: { rope_type: "default", rope_theta: config.ropeTheta },
    rope_theta: config.ropeTheta,
    rope_scaling: null,
    // Not part of the model; without them transformers takes 1 and 2, and would zero row `pad_token_id`.
    bos_token_id: null,
    eos_token_id: null,
    pad_token_id: null,
    dtype: "float32",
    torch_dtype: "float32",
  };
}
