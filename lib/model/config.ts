/**
 * The models: Llama 4 text, dense, as transformers' `llama4_text` computes it, and its relatives `llama` and `qwen3`.
 *
 * Shapes and parameter counts of MobileLLM-R1 (arXiv 2509.24945, Table 1); proxies are any other shape.
 * @module
 */
import { UsageError } from "../core/errors.ts";

/** `model_type` of transformers: the form in which a model is stored. */
export type ModelType = "llama4_text" | "llama" | "qwen3";

/**
 * What is done to each head of q and k:
 * - after rope: x·rsqrt(mean(x²)+ε), without parameters (llama4_text);
 * - before rope, weighted: the same times a learned weight [headSize], one for q and one for k (qwen3).
 */
export type QueryKeyNorm = "none" | "after rope" | "before rope, weighted";

/** Norms that each type can be stored with. */
const NORMS: Readonly<Record<ModelType, readonly QueryKeyNorm[]>> = {
  llama4_text: ["none", "after rope"],
  llama: ["none"],
  qwen3: ["before rope, weighted"],
};

/**
 * Llama 3.1's stretching of RoPE (transformers' rope type "llama3"): a frequency f with n = originalMaxPositions·f/2π turns
 * in the original context becomes f·(s + (1 − s)/factor), s = clamp((n − low)/(high − low), 0, 1).
 */
export interface RopeScaling {
  readonly factor: number;
  /** Turns up to which a frequency is divided by the factor. */
  readonly lowFrequencyFactor: number;
  /** Turns from which on a frequency stays. */
  readonly highFrequencyFactor: number;
  readonly originalMaxPositions: number;
}

/** Everything that determines a model's function and its parameters' shapes. */
export interface ModelConfig {
  readonly type: ModelType;
  /** V: rows of the embedding, entries of a logit vector. */
  readonly vocabularySize: number;
  /** D: width of the residual stream. */
  readonly width: number;
  readonly layers: number;
  /** Query heads. */
  readonly heads: number;
  /** Key and value heads (grouped-query attention); divides `heads`. */
  readonly keyValueHeads: number;
  /** Width of one head; even, since RoPE rotates adjacent pairs. */
  readonly headSize: number;
  /** Inner width of SwiGLU. */
  readonly feedForwardWidth: number;
  /** Base of the rotary angles: position · theta^(−2i/headSize). */
  readonly ropeTheta: number;
  readonly ropeScaling: RopeScaling | null;
  /** ε of RMSNorm and of QK-norm. */
  readonly normEpsilon: number;
  readonly queryKeyNorm: QueryKeyNorm;
  /** The output head is the embedding, transposed. */
  readonly tiedEmbeddings: boolean;
  /** Longest context the model is meant for, in tokens. */
  readonly maxPositions: number;
  /** Standard deviation of the normal initialisation of matrices. */
  readonly initializerRange: number;
}

/** What a parameter is for: decides weight decay and initialisation. */
export type ParameterKind = "embedding" | "norm" | "linear" | "head";

/** One tensor of the model, in the flat layout that every backend shares. */
export interface ParameterSpec {
  /** Tensor name of transformers' Llama4ForCausalLM; the norms of q and k are named as in Qwen3ForCausalLM. */
  readonly name: string;
  /** [out, in] for matrices (y = x·Wᵀ), [D] for norms, [V, D] for the embedding. */
  readonly shape: readonly number[];
  /** First element in the flat array. */
  readonly offset: number;
  /** Number of elements. */
  readonly size: number;
  readonly kind: ParameterKind;
}

const family = {
  type: "llama4_text",
  vocabularySize: 128256,
  headSize: 64,
  ropeTheta: 1e6,
  ropeScaling: null,
  normEpsilon: 1e-5,
  queryKeyNorm: "after rope",
  tiedEmbeddings: true,
  maxPositions: 4096,
  initializerRange: 0.02,
} as const;

/** The published sizes, as base models (4k context, RoPE base 1e6; reasoning SFT multiplies the base by 8). */
export const MODEL_SIZES: Readonly<Record<"140m" | "360m" | "950m", ModelConfig>> = {
  "140m": { ...family, layers: 15, width: 576, heads: 9, keyValueHeads: 3, feedForwardWidth: 2048 },
  "360m": { ...family, layers: 15, width: 1024, heads: 16, keyValueHeads: 4, feedForwardWidth: 4096 },
  "950m": { ...family, layers: 22, width: 1536, heads: 24, keyValueHeads: 6, feedForwardWidth: 6144 },
};

/**
 * Checks that a config describes a computable model.
 *
 * @throws {UsageError} naming the field, its value and what was expected.
 */
export function checkModelConfig(config: ModelConfig): ModelConfig {
  const positive = [
    "vocabularySize",
    "width",
    "layers",
    "heads",
    "keyValueHeads",
    "headSize",
    "feedForwardWidth",
    "maxPositions",
  ] as const;
  for (const field of positive) {
    if (!Number.isSafeInteger(config[field]) || config[field] < 1) {
      throw new UsageError(`Model config: ${field} is ${config[field]}, expected a positive whole number.`);
    }
  }
  if (config.heads % config.keyValueHeads !== 0) {
    throw new UsageError(
      `Model config: keyValueHeads is ${config.keyValueHeads}, expected a divisor of heads (${config.heads}).`,
    );
  }
  if (config.headSize % 4 !== 0 || config.width % 4 !== 0 || config.feedForwardWidth % 4 !== 0) {
    throw new UsageError(
      `Model config: headSize ${config.headSize}, width ${config.width} and feedForwardWidth ${config.feedForwardWidth} must be multiples of 4.`,
    );
  }
  if (!NORMS[config.type].includes(config.queryKeyNorm)) {
    throw new UsageError(
      `Model config: queryKeyNorm is "${config.queryKeyNorm}", expected ${
        NORMS[config.type].map((norm) => `"${norm}"`).join(" or ")
      } for a model of type ${config.type}.`,
    );
  }
  checkRopeScaling(config.ropeScaling);
  return config;
}

function checkRopeScaling(scaling: RopeScaling | null): void {
  if (scaling === null) return;
  const { factor, lowFrequencyFactor, highFrequencyFactor, originalMaxPositions } = scaling;
  const sound = factor >= 1 && lowFrequencyFactor > 0 && highFrequencyFactor > lowFrequencyFactor &&
    originalMaxPositions >= 1;
  if (!sound || !Object.values(scaling).every(Number.isFinite)) {
    throw new UsageError(
      `Model config: ropeScaling is ${
        JSON.stringify(scaling)
      }, expected a factor of at least 1 and 0 < lowFrequencyFactor < highFrequencyFactor.`,
    );
  }
}

/**
 * The flat layout: every parameter's name, shape and place, in the order of transformers' state dict.
 * Backends hold weights, gradients and moments as one Float32Array each in this order.
 */
export function parameterLayout(config: ModelConfig): ParameterSpec[] {
  const { width, headSize, heads, keyValueHeads, feedForwardWidth, vocabularySize } = config;
  const specs: ParameterSpec[] = [];
  let offset = 0;
  const add = (name: string, kind: ParameterKind, ...shape: number[]) => {
    const size = shape.reduce((a, b) => a * b, 1);
    specs.push({ name, shape, offset, size, kind });
    offset += size;
  };
  add("model.embed_tokens.weight", "embedding", vocabularySize, width);
  for (let layer = 0; layer < config.layers; layer++) {
    const prefix = `model.layers.${layer}`;
    add(`${prefix}.self_attn.q_proj.weight`, "linear", heads * headSize, width);
    add(`${prefix}.self_attn.k_proj.weight`, "linear", keyValueHeads * headSize, width);
    add(`${prefix}.self_attn.v_proj.weight`, "linear", keyValueHeads * headSize, width);
    add(`${prefix}.self_attn.o_proj.weight`, "linear", width, heads * headSize);
    if (config.queryKeyNorm === "before rope, weighted") {
      add(`${prefix}.self_attn.q_norm.weight`, "norm", headSize);
      add(`${prefix}.self_attn.k_norm.weight`, "norm", headSize);
    }
    add(`${prefix}.feed_forward.gate_proj.weight`, "linear", feedForwardWidth, width);
    add(`${prefix}.feed_forward.up_proj.weight`, "linear", feedForwardWidth, width);
    add(`${prefix}.feed_forward.down_proj.weight`, "linear", width, feedForwardWidth);
    add(`${prefix}.input_layernorm.weight`, "norm", width);
    add(`${prefix}.post_attention_layernorm.weight`, "norm", width);
  }
  add("model.norm.weight", "norm", width);
  if (!config.tiedEmbeddings) add("lm_head.weight", "head", vocabularySize, width);
  return specs;
}

/**
 * Number of trainable parameters; a tied head counts once.
 *
 * @example
 * ```ts
 * import { MODEL_SIZES, parameterCount } from "./config.ts";
 * import assert from "node:assert/strict";
 * assert.equal(parameterCount(MODEL_SIZES["140m"]), 140_248_512);
 * ```
 */
export function parameterCount(config: ModelConfig): number {
  return parameterLayout(config).reduce((sum, spec) => sum + spec.size, 0);
}
