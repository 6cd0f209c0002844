/**
 * What a page carries besides its program, as JSON: a packed model, its tokenizer, and how it is asked.
 * @module
 */
import type { ModelConfig } from "../../model/config.ts";
import { toFloat16 } from "../../model/half_floats.ts";
import type { QuantisedMatrix, QuantisedModel } from "../../model/quantisation.ts";
import { ByteLevelTokenizer, type Tokenizer } from "../../tokenizer/byte_level.ts";
import type { ChatFrame } from "./chat_frame.ts";

/** Everything that the page's program reads. */
export interface PageContent {
  /** The page's heading. */
  readonly title: string;
  /** What stands in the prompt's box at first. */
  readonly prompt: string;
  readonly chat: ChatFrame;
  /** Whether the prompt is a question to an assistant at first. */
  readonly asQuestion: boolean;
  readonly model: PackedModel;
  readonly tokenizer: PackedTokenizer;
}

/** A `QuantisedModel`; bytes in base64. */
export interface PackedModel {
  readonly config: ModelConfig;
  readonly activationBits: 8 | 0;
  /** Scales as float16, little-endian. */
  readonly matrices: readonly (
    & Omit<QuantisedMatrix, "packed" | "scales">
    & { readonly packed: string; readonly scales: string }
  )[];
  readonly norms: readonly { readonly name: string; readonly values: readonly number[] }[];
}

/** A vocabulary. */
export interface PackedTokenizer {
  readonly name: string;
  /** Byte strings (a character U+0000…U+00FF each) in rank order. */
  readonly ranks: readonly string[];
  /** Names, in id order after the ranks. */
  readonly specialTokens: readonly string[];
}

/** A model as JSON. */
export function packModel({ config, activationBits, matrices, norms }: QuantisedModel): PackedModel {
  return {
    config,
    activationBits,
    matrices: [...matrices.values()].map(({ packed, scales, ...matrix }) => ({
      ...matrix,
      packed: packed.toBase64(),
      scales: new Uint8Array(toFloat16(scales).buffer).toBase64(),
    })),
    norms: [...norms].map(([name, values]) => ({ name, values: [...values] })),
  };
}

/** The model again, bit for bit. */
export function unpackModel({ config, activationBits, matrices, norms }: PackedModel): QuantisedModel {
  return {
    config,
    activationBits,
    matrices: new Map(matrices.map(({ packed, scales, ...matrix }) => [matrix.name, {
      ...matrix,
      packed: Uint8Array.fromBase64(packed),
      scales: Float32Array.from(new Float16Array(Uint8Array.fromBase64(scales).buffer)),
    }])),
    norms: new Map(norms.map(({ name, values }) => [name, Float32Array.from(values)])),
  };
}

/** The tokenizer of a packed vocabulary. */
export function unpackTokenizer({ name, ranks, specialTokens }: PackedTokenizer): Tokenizer {
  return new ByteLevelTokenizer(name, ranks, specialTokens);
}
