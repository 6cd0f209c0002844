/**
 * 4-bit weights in groups, as in the paper's on-device setting (section 8: 4-bit linear weights and embeddings, 8-bit
 * dynamic activations).
 * @module
 */
import type { ModelConfig } from "./config.ts";

/** A matrix of 4-bit whole numbers, each group of adjacent columns with a scale of its own: w ≈ (q − 8) · scale. */
export interface QuantisedMatrix {
  /** Name in `parameterLayout`. */
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  /** Columns that share a scale; divides `columns`. */
  readonly group: number;
  /** Two entries a byte, the even column in the low half [rows × columns / 2]; an entry is q in 0…15. */
  readonly packed: Uint8Array;
  /** Steps, rounded to half precision [rows × columns / group]. */
  readonly scales: Float32Array;
}

/** A model whose matrices are packed. */
export interface QuantisedModel {
  readonly config: ModelConfig;
  /** Every embedding, linear and head parameter, by name. A tied head computes with the embedding's matrix. */
  readonly matrices: ReadonlyMap<string, QuantisedMatrix>;
  /** Every norm, by name. */
  readonly norms: ReadonlyMap<string, Float32Array>;
  /** 8: each token's input of a product is rounded to 8 bits with a step of its own (dynamic, symmetric). 0: it is not. */
  readonly activationBits: 8 | 0;
}
