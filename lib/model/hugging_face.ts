/**
 * `config.json` in and out, as transformers' `llama4_text`, `llama` and `qwen3` have it (5.x, and 4.51 or later).
 * @module
 */
import { z } from "zod";
import { UsageError } from "../core/errors.ts";
import { checkModelConfig, type ModelConfig, type ModelType, type QueryKeyNorm } from "./config.ts";
import { readRope, type Refuse, ropeKeys, writeRope } from "./hugging_face_rope.ts";

/** A JSON value in an error message. */
function show(value: unknown): string {
  return value === undefined ? "missing" : JSON.stringify(value);
}

const whole = z.int().positive();
/** Far more than any model has: lists with an entry a layer stay small. */
const MOST_LAYERS = 10_000;
/** Absent: the type's default; null: derived from other keys. */
const derivable = (absent: number | null) => whole.nullable().default(absent);

/** What is read of any type; a key that transformers may leave out has the default that transformers gives it. */
const shared = {
  vocab_size: whole,
  hidden_size: whole,
  num_hidden_layers: whole.max(MOST_LAYERS),
  num_attention_heads: whole,
  initializer_range: z.number().positive().default(0.02),
  tie_word_embeddings: z.boolean().default(false),
  attention_bias: z.boolean().default(false),
  attention_dropout: z.number().nullish(),
  hidden_act: z.string().default("silu"),
  layer_types: z.array(z.string()).nullish(),
  quantization_config: z.unknown().optional(),
  ...ropeKeys,
};

const files = {
  llama4_text: z.object({
    ...shared,
    num_key_value_heads: derivable(8),
    head_dim: derivable(128),
    intermediate_size_mlp: whole,
    max_position_embeddings: whole.default(131072),
    rms_norm_eps: z.number().positive().default(1e-5),
    use_qk_norm: z.boolean().default(true),
    moe_layers: z.array(z.int()).nullish(),
    interleave_moe_layer_step: z.int().default(1),
    no_rope_layers: z.array(z.int()).nullish(),
    no_rope_layer_interval: z.int().default(4),
    attention_chunk_size: z.int().nullable().default(8192),
  }),
  llama: z.object({
    ...shared,
    num_key_value_heads: derivable(null),
    head_dim: derivable(null),
    intermediate_size: whole,
    max_position_embeddings: whole.default(2048),
    rms_norm_eps: z.number().positive().default(1e-6),
    mlp_bias: z.boolean().default(false),
  }),
  qwen3: z.object({
    ...shared,
    num_key_value_heads: derivable(32),
    head_dim: whole.default(128),
    intermediate_size: whole,
    max_position_embeddings: whole.default(32768),
    rms_norm_eps: z.number().positive().default(1e-6),
    use_sliding_window: z.boolean().default(false),
    sliding_window: z.int().nullable().default(4096),
    max_window_layers: z.int().default(28),
  }),
};

type File<Type extends ModelType> = z.infer<(typeof files)[Type]>;

/** What decides a type's function beside the keys that all types share. */
interface Particular {
  readonly feedForwardWidth: number;
  readonly queryKeyNorm: QueryKeyNorm;
  readonly ropeTheta: number;
}

/**
 * Reads a config.json.
 *
 * @param json The parsed file.
 * @param origin The file's name, for messages.
 * @throws {UsageError} naming the key, its value and what is supported: for another model type, a missing or wrong
 * value, and whatever changes the function this project computes (experts, layers without RoPE, other RoPE scaling than
 * Llama 3.1's, biases, dropout, attention that does not see the whole context, quantised weights).
 */
export function configFromHuggingFace(json: unknown, origin: string): ModelConfig {
  const refuse: Refuse = (key, value, supported) => {
    throw new UsageError(`${origin}: ${key} is ${show(value)}, supported: ${supported}.`);
  };
  const type = z.looseObject({ model_type: z.unknown() }).safeParse(json).data?.model_type;
  const read = <Type extends ModelType>(type: Type, particular: (hub: File<Type>) => Particular) =>
    configOf(type, parse(files[type], json, origin) as File<Type>, particular, refuse, origin);
  switch (type) {
    case "llama4_text":
      return read(type, (hub) => readLlama4(hub, refuse));
    case "llama":
      return read(type, (hub) => {
        if (hub.mlp_bias) refuse("mlp_bias", true, "false");
        return { feedForwardWidth: hub.intermediate_size, queryKeyNorm: "none", ropeTheta: 10_000 };
      });
    case "qwen3":
      return read(type, (hub) => readQwen3(hub, refuse));
    default:
      return refuse("model_type", type, Object.keys(files).map(show).join(", "));
  }
}

function parse(schema: z.ZodType, json: unknown, origin: string): unknown {
  const parsed = schema.safeParse(json, { reportInput: true });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const what = issue?.message.replace(/^Invalid input: |, received \w+$/g, "");
  throw new UsageError(`${origin}: ${issue?.path.join(".")} is ${show(issue?.input)}, ${what}.`);
}

function configOf<Type extends ModelType>(
  type: Type,
  hub: File<Type>,
  particular: (hub: File<Type>) => Particular,
  refuse: Refuse,
  origin: string,
): ModelConfig {
  if (hub.hidden_act !== "silu") refuse("hidden_act", hub.hidden_act, '"silu"');
  if (hub.attention_bias) refuse("attention_bias", true, "false");
  if (hub.attention_dropout) refuse("attention_dropout", hub.attention_dropout, "0");
  if (hub.quantization_config != null) refuse("quantization_config", hub.quantization_config, "none");
  const { ropeTheta, ...others } = particular(hub);
  const rope = readRope(hub, ropeTheta, refuse);
  try {
    return checkModelConfig({
      type,
      vocabularySize: hub.vocab_size,
      width: hub.hidden_size,
      layers: hub.num_hidden_layers,
      heads: hub.num_attention_heads,
      keyValueHeads: hub.num_key_value_heads ?? hub.num_attention_heads,
      headSize: hub.head_dim ?? hub.hidden_size / hub.num_attention_heads,
      ...rope,
      normEpsilon: hub.rms_norm_eps,
      ...others,
      tiedEmbeddings: hub.tie_word_embeddings,
      maxPositions: hub.max_position_embeddings,
      initializerRange: hub.initializer_range,
    });
  } catch (error) {
    throw error instanceof UsageError ? new UsageError(`${origin}: ${error.message}`) : error;
  }
}

function readLlama4(hub: File<"llama4_text">, refuse: Refuse): Particular {
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
  const chunk = hub.attention_chunk_size;
  const chunked = hub.layer_types?.includes("chunked_attention") ?? true;
  if (chunked && chunk !== null && chunk < hub.max_position_embeddings) {
    refuse(
      "attention_chunk_size",
      chunk,
      `at least max_position_embeddings (${hub.max_position_embeddings}), so that attention sees the whole context`,
    );
  }
  return {
    feedForwardWidth: hub.intermediate_size_mlp,
    queryKeyNorm: hub.use_qk_norm ? "after rope" : "none",
    ropeTheta: 500_000,
  };
}

function readQwen3(hub: File<"qwen3">, refuse: Refuse): Particular {
  if (hub.layer_types?.includes("sliding_attention")) {
    refuse("layer_types", hub.layer_types, '"full_attention" in every layer');
  }
  const windowed = hub.layer_types == null && hub.sliding_window !== null &&
    hub.max_window_layers < hub.num_hidden_layers;
  if (hub.use_sliding_window && windowed) {
    refuse("use_sliding_window", true, "false (attention sees the whole context)");
  }
  return {
    feedForwardWidth: hub.intermediate_size,
    queryKeyNorm: "before rope, weighted",
    ropeTheta: 10_000,
  };
}

/** The config.json with which transformers (4.51 or later) computes exactly this model. */
export function configToHuggingFace(config: ModelConfig): Record<string, unknown> {
  return {
    ...particularKeys(config),
    model_type: config.type,
    vocab_size: config.vocabularySize,
    hidden_size: config.width,
    intermediate_size: config.feedForwardWidth,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    num_key_value_heads: config.keyValueHeads,
    head_dim: config.headSize,
    hidden_act: "silu",
    max_position_embeddings: config.maxPositions,
    initializer_range: config.initializerRange,
    rms_norm_eps: config.normEpsilon,
    tie_word_embeddings: config.tiedEmbeddings,
    attention_bias: false,
    attention_dropout: 0,
    ...writeRope(config),
    // Not part of the model; without them transformers takes 1 and 2, and would zero row `pad_token_id`.
    bos_token_id: null,
    eos_token_id: null,
    pad_token_id: null,
    dtype: "float32",
    torch_dtype: "float32",
  };
}

function particularKeys(config: ModelConfig): Record<string, unknown> {
  const perLayer = <T>(value: T) => Array<T>(config.layers).fill(value);
  switch (config.type) {
    case "llama4_text":
      return {
        architectures: ["Llama4ForCausalLM"],
        // Dense layers read intermediate_size_mlp; intermediate_size is the experts'.
        intermediate_size_mlp: config.feedForwardWidth,
        use_qk_norm: config.queryKeyNorm === "after rope",
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
      };
    case "llama":
      return { architectures: ["LlamaForCausalLM"], mlp_bias: false };
    case "qwen3":
      return {
        architectures: ["Qwen3ForCausalLM"],
        use_sliding_window: false,
        sliding_window: null,
        layer_types: perLayer("full_attention"),
      };
  }
}
