/**
 * The shared memory of a decoder: weights in the one form that its products read, a cache of keys and values, and room
 * for the rows of one pass. Addresses are in bytes.
 * @module
 */
import { queryKeyValueWidth, type TransformerShape } from "../shape.ts";
import { Arena, MEMORY_LIMIT, MemoryLimitError, PAGE_BYTES, roundUp } from "./arena.ts";

/** Rows (tokens, of any slots) that a pass takes at most. */
export const PASS_ROWS = 64;
/** Positions that one block of attention covers. */
export const ATTENTION_BLOCK = 256;
/** Columns that one task of a product covers at most: its results stay in a second-level cache. */
export const MOST_COLUMNS = 256;
/** Rows of a float32 matrix that become panels at a time: one panel. */
export const STAGED_ROWS = 8;
/** DEPTH_BLOCK of assembly/product.ts. */
const DEPTH_BLOCK = 256;

/** Columns that share a scale, for each matrix of a layer and for embedding and head. */
export interface Groups {
  readonly embedding: number;
  readonly head: number;
  readonly queryKeyValue: number;
  readonly output: number;
  readonly gateUp: number;
  readonly down: number;
}

/** Everything that decides the layout. */
export interface DecodeLayout {
  readonly shape: TransformerShape;
  /** Sequences, and positions of each. */
  readonly slots: number;
  readonly capacity: number;
  readonly workers: number;
  /** Groups of 4-bit weights, multiples of 32; null: float32 weights. */
  readonly groups: Groups | null;
}

/** A weight matrix [outputs, inputs]: right panels of Wᵀ, or what assembly/quantised.ts describes. */
export type DecodeMatrix =
  & { readonly outputs: number; readonly inputs: number }
  & (
    | { readonly kind: "float32"; readonly panels: number }
    | { readonly kind: "4-bit"; readonly packed: number; readonly scales: number; readonly group: number }
  );

/** A layer's weights, and its cache [slots][keyValueHeads][positions][headSize]. */
export interface DecodeLayer {
  readonly queryKeyValue: DecodeMatrix;
  readonly output: DecodeMatrix;
  readonly gateUp: DecodeMatrix;
  readonly down: DecodeMatrix;
  readonly headNorms: { readonly query: number; readonly key: number } | undefined;
  readonly attentionNorm: number;
  readonly feedForwardNorm: number;
  readonly keys: number;
  readonly values: number;
}

/** One worker's own room, R = PASS_ROWS. */
export interface DecodeScratch {
  /** Input of a product [R × widest], and what quantiseRows makes of it. */
  readonly input: number;
  readonly quantised: number;
  readonly corrections: number;
  readonly steps: number;
  /** Left panels, and the edge buffer of assembly/product.ts. */
  readonly left: number;
  readonly edge: number;
  /** Logits of one task [R × MOST_COLUMNS]. */
  readonly logits: number;
  /** Reciprocals [R] and a normed head that the kernels of training would keep. */
  readonly reciprocals: number;
  readonly normed: number;
  /** Scores of the heads of one group [heads / keyValueHeads × ATTENTION_BLOCK]. */
  readonly scores: number;
}

/** Where everything is. */
export interface DecodeMemory {
  readonly control: number;
  /** Of each row of a pass: token, slot, position. Rows whose logits are wanted. */
  readonly tokens: number;
  readonly rowSlots: number;
  readonly positions: number;
  readonly logitRows: number;
  readonly rotary: number;
  readonly embedding: DecodeMatrix;
  readonly head: DecodeMatrix;
  readonly layers: readonly DecodeLayer[];
  readonly finalNorm: number;
  /** Positions from one key-value head's cache to the next: the capacity, rounded up to whole fours. */
  readonly cachePositions: number;
  /** Residual stream before and after attention [R × width], q, k and v, gate and up. */
  readonly x: number;
  readonly middle: number;
  readonly queryKeyValue: number;
  readonly gateUp: number;
  /** Attention's parts [R][blocks][heads][4 + headSize]. */
  readonly parts: number;
  readonly blocks: number;
  /** Rows of a matrix on their way into panels [STAGED_ROWS × widest]. */
  readonly staging: number;
  /** [slots × V]. */
  readonly logits: number;
  readonly scratch: readonly DecodeScratch[];
  readonly bytes: { readonly weights: number; readonly cache: number };
  readonly end: number;
}

/** Lays out a decoder. @throws {MemoryLimitError} where it goes beyond 4 GiB. */
export function decodeMemory(layout: DecodeLayout): DecodeMemory {
  const { shape, slots, capacity, workers, groups } = layout;
  const { width, heads, keyValueHeads, headSize, feedForwardWidth, vocabularySize } = shape;
  const arena = new Arena(PAGE_BYTES); // The first page holds the module's constants.
  const matrix = (outputs: number, inputs: number, group: number | undefined): DecodeMatrix => {
    if (group === undefined) {
      const panels = arena.floats(roundUp(outputs, 8) * roundUp(inputs, 4));
      return { outputs, inputs, kind: "float32", panels };
    }
    const rows = roundUp(outputs, 4);
    const packed = arena.bytes(rows * inputs / 2);
    return { outputs, inputs, kind: "4-bit", packed, scales: arena.floats(rows * inputs / group), group };
  };
  const control = arena.bytes(64);
  const firstWeight = arena.end;
  const embedding = matrix(vocabularySize, width, groups?.embedding);
  const head = shape.tiedEmbeddings ? embedding : matrix(vocabularySize, width, groups?.head);
  const weights = Array.from({ length: shape.layers }, () => ({
    queryKeyValue: matrix(queryKeyValueWidth(shape), width, groups?.queryKeyValue),
    output: matrix(width, heads * headSize, groups?.output),
    gateUp: matrix(2 * feedForwardWidth, width, groups?.gateUp),
    down: matrix(width, feedForwardWidth, groups?.down),
    headNorms: shape.queryKeyNorm === "before rope, weighted"
      ? { query: arena.floats(headSize), key: arena.floats(headSize) }
      : undefined,
    attentionNorm: arena.floats(width),
    feedForwardNorm: arena.floats(width),
  }));
  const finalNorm = arena.floats(width);
  const firstKey = arena.end;
  const cachePositions = roundUp(capacity, 4);
  const cache = () => arena.floats(slots * keyValueHeads * cachePositions * headSize);
  const layers = weights.map((layer) => ({ ...layer, keys: cache(), values: cache() }));
  const afterCache = arena.end;

  const widest = Math.max(width, heads * headSize, feedForwardWidth);
  const blocks = Math.ceil(capacity / ATTENTION_BLOCK);
  const memory: DecodeMemory = {
    control,
    embedding,
    head,
    layers,
    finalNorm,
    cachePositions,
    tokens: arena.floats(PASS_ROWS),
    rowSlots: arena.floats(PASS_ROWS),
    positions: arena.floats(PASS_ROWS),
    logitRows: arena.floats(PASS_ROWS),
    rotary: arena.floats(capacity * 2 * headSize),
    x: arena.floats(PASS_ROWS * width),
    middle: arena.floats(PASS_ROWS * width),
    queryKeyValue: arena.floats(PASS_ROWS * queryKeyValueWidth(shape)),
    gateUp: arena.floats(PASS_ROWS * 2 * feedForwardWidth),
    blocks,
    parts: arena.floats(PASS_ROWS * blocks * heads * (4 + headSize)),
    staging: arena.floats(STAGED_ROWS * widest),
    logits: arena.floats(slots * vocabularySize),
    scratch: Array.from({ length: workers }, (): DecodeScratch => ({
      input: arena.floats(PASS_ROWS * widest),
      quantised: arena.bytes(PASS_ROWS * widest),
      corrections: arena.floats(PASS_ROWS * widest / 32),
      steps: arena.floats(PASS_ROWS),
      left: arena.floats(roundUp(PASS_ROWS, 5) * DEPTH_BLOCK),
      edge: arena.bytes(192),
      logits: arena.floats(PASS_ROWS * MOST_COLUMNS),
      reciprocals: arena.floats(PASS_ROWS),
      normed: arena.floats(headSize),
      scores: arena.floats(heads / keyValueHeads * ATTENTION_BLOCK),
    })),
    bytes: { weights: firstKey - firstWeight, cache: afterCache - firstKey },
    end: arena.end,
  };
  if (memory.end > MEMORY_LIMIT) {
    const gibibytes = (bytes: number) => (bytes / 2 ** 30).toFixed(1);
    throw new MemoryLimitError(
      `${slots} × ${capacity} positions need ${gibibytes(memory.end)} GiB (weights ${
        gibibytes(memory.bytes.weights)
      }, cache ${gibibytes(memory.bytes.cache)}), more than the 4 GiB that WebAssembly addresses.`,
    );
  }
  return memory;
}
