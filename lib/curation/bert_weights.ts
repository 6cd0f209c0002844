/**
 * The parameters of transformers' BertForSequenceClassification with one label.
 * @module
 */
import { z } from "zod";
import { UsageError } from "../core/errors.ts";
import type { SafetensorsFile } from "../core/safetensors.ts";
import type { Packed, ProductMemory } from "./products.ts";
import { readJson } from "./word_piece.ts";

const whole = z.int().positive();

const configFile = z.object({
  model_type: z.literal("bert"),
  vocab_size: whole,
  hidden_size: whole,
  num_hidden_layers: whole,
  num_attention_heads: whole,
  intermediate_size: whole,
  max_position_embeddings: whole,
  type_vocab_size: whole,
  layer_norm_eps: z.number().positive(),
  hidden_act: z.literal("gelu"),
  position_embedding_type: z.literal("absolute").default("absolute"),
});

/** Shapes of the model. */
export type BertConfig = z.infer<typeof configFile>;

/** y = x·Wᵀ + b. */
export interface Linear {
  readonly weight: Packed;
  /** Address. */
  readonly bias: number;
}

/** Layer normalisation's scale and shift [D]. */
export interface Norm {
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

/** One layer, in the order of its computation. */
export interface Layer {
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly attended: Linear;
  readonly attentionNorm: Norm;
  readonly inner: Linear;
  readonly outer: Linear;
  readonly norm: Norm;
}

/** Everything but the shapes. D is the width. */
export interface Weights {
  /** [vocabulary × D]. */
  readonly words: Float32Array;
  /** [positions × D]. */
  readonly positions: Float32Array;
  /** [types × D]. */
  readonly types: Float32Array;
  readonly norm: Norm;
  readonly layers: readonly Layer[];
  readonly pooler: Linear;
  readonly classifier: Linear;
}

/**
 * Reads a config.json of transformers.
 *
 * @throws {UsageError} naming the key that is missing or not supported.
 */
export async function readConfig(path: string): Promise<BertConfig> {
  const parsed = configFile.safeParse(await readJson(path), { reportInput: true });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const what = issue?.message.replace(/^Invalid input: /, "");
    throw new UsageError(`${path}: ${issue?.path.join(".")} is ${JSON.stringify(issue?.input)}, ${what}.`);
  }
  const { hidden_size: width, num_attention_heads: heads } = parsed.data;
  if (width % heads !== 0) {
    throw new UsageError(
      `${path}: hidden_size is ${width}, expected a multiple of num_attention_heads, ${heads}.`,
    );
  }
  return parsed.data;
}

/**
 * Reads every tensor into memory, and packs the matrices.
 *
 * @throws {UsageError} naming the tensor that is missing or of another shape than config.json says.
 */
export async function readWeights(
  config: BertConfig,
  file: SafetensorsFile,
  memory: ProductMemory,
): Promise<Weights> {
  const { hidden_size: width, intermediate_size: inner } = config;
  const read = (name: string, ...shape: number[]): Promise<Float32Array> => {
    const found = file.info(name).shape;
    if (found.join() === shape.join()) return file.readFloat32(name);
    throw new UsageError(`${file.path}: tensor "${name}" has shape [${found}], expected [${shape}].`);
  };
  const linear = async (name: string, outputs: number, inputs: number): Promise<Linear> => ({
    weight: memory.packWeights(await read(`${name}.weight`, outputs, inputs), outputs, inputs),
    bias: memory.place(await read(`${name}.bias`, outputs)),
  });
  const norm = async (name: string): Promise<Norm> => ({
    weight: await read(`${name}.LayerNorm.weight`, width),
    bias: await read(`${name}.LayerNorm.bias`, width),
  });
  const layers: Layer[] = [];
  for (let i = 0; i < config.num_hidden_layers; i++) {
    const layer = `bert.encoder.layer.${i}`;
    layers.push({
      query: await linear(`${layer}.attention.self.query`, width, width),
      key: await linear(`${layer}.attention.self.key`, width, width),
      value: await linear(`${layer}.attention.self.value`, width, width),
      attended: await linear(`${layer}.attention.output.dense`, width, width),
      attentionNorm: await norm(`${layer}.attention.output`),
      inner: await linear(`${layer}.intermediate.dense`, inner, width),
      outer: await linear(`${layer}.output.dense`, width, inner),
      norm: await norm(`${layer}.output`),
    });
  }
  const embeddings = "bert.embeddings";
  return {
    words: await read(`${embeddings}.word_embeddings.weight`, config.vocab_size, width),
    positions: await read(`${embeddings}.position_embeddings.weight`, config.max_position_embeddings, width),
    types: await read(`${embeddings}.token_type_embeddings.weight`, config.type_vocab_size, width),
    norm: await norm(embeddings),
    layers,
    pooler: await linear("bert.pooler.dense", width, width),
    classifier: await linear("classifier", 1, width),
  };
}
