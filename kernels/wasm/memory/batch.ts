/**
 * What a batch shape needs in the shared memory, behind the model: inputs, activations, gradients, scratch.
 * @module
 */
import { type BatchShape, queryKeyValueWidth, type TransformerShape } from "../shape.ts";
import { Arena, MEMORY_LIMIT, MemoryLimitError, roundUp } from "./arena.ts";
import type { ModelMemory } from "./model.ts";

/** Rows and columns of a weight gradient that one task computes at most: whole panels. */
export const GRADIENT_ROWS = 160;
export const GRADIENT_COLUMNS = 256;
/** Queries that attention is blocked by; QUERY_BLOCK of assembly/attention.ts. */
export const QUERY_BLOCK = 40;
/** Depth that products are blocked by; DEPTH_BLOCK of assembly/product.ts. */
const DEPTH_BLOCK = 256;
/** Logits that the head holds at a time, in bytes, as far as a useful number of rows allows. */
export const LOGIT_BYTES = 2 ** 26;
const FEWEST_LOGIT_ROWS = 160;

/** Who computes: decides the size of tasks and the number of scratch places. */
export interface Crew {
  readonly workers: number;
  /** Path of the BLAS that computes products; absent: our own kernels. */
  readonly blas?: string | undefined;
}

/** What a layer keeps of the forward pass; R rows, one for each position of the batch. */
export interface LayerActivations {
  /** Input of the layer [R × width]. */
  readonly x: number;
  /** Input of q, k and v: the normed x [R × width]; r of the norm [R]. */
  readonly attentionInput: number;
  readonly attentionNorm: number;
  /** q, k (turned and normed) and v side by side [R × (heads + 2·keyValueHeads)·headSize]; r of QK-norm [R × heads + keyValueHeads]. */
  readonly queryKeyValue: number;
  readonly queryKeyNorm: number;
  /** q and k, normed, before QK-norm's weights and RoPE [R × (heads + keyValueHeads)·headSize]; empty where there are no weights. */
  readonly headsNormed: number;
  /** Attention's result [R × heads·headSize], and log Σ e^score [heads × R]. */
  readonly attention: number;
  readonly logSums: number;
  /** x + attention [R × width]. */
  readonly middle: number;
  /** Input of gate and up: the normed middle [R × width]; r of the norm [R]. */
  readonly feedForwardInput: number;
  readonly feedForwardNorm: number;
  /** gate and up side by side [R × 2·feedForwardWidth]; their gradients after the backward pass. */
  readonly gateUp: number;
  /** silu(gate)∘up [R × feedForwardWidth]. */
  readonly activation: number;
}

/** The part of the layout that belongs to a batch shape. */
export interface BatchMemory {
  readonly rows: number;
  /** Rows that one row-wise task handles. */
  readonly rowBlock: number;
  readonly tokens: number;
  readonly targets: number;
  readonly lossWeights: number;
  /** First position, within its sequence, of each position's document. */
  readonly starts: number;
  readonly losses: number;
  /** Cosines and sines, as assembly/rotary.ts describes them [length × 2·headSize]. */
  readonly rotary: number;
  readonly teacherLogits: number;
  /** Bytes from one row of teacher logits to the next. */
  readonly teacherStride: number;
  readonly teacherIds: number;
  readonly layers: readonly LayerActivations[];
  /** Output of the last layer [R × width], the normed one [R × width], r of the norm [R]. */
  readonly last: number;
  readonly headInput: number;
  readonly finalNorm: number;
  /** Logits of `logitRows` rows, `logitStride` bytes apart; then their gradients. */
  readonly logits: number;
  readonly logitRows: number;
  readonly logitStride: number;
  /** Gradients at the current layer's output and at its middle [R × width]. */
  readonly outputGradient: number;
  readonly middleGradient: number;
  /** Gradients of attention's result and of q, k, v. */
  readonly attentionGradient: number;
  readonly queryKeyValueGradient: number;
  /** Parts of the norms' gradients, [norms][row blocks × width]. */
  readonly normParts: readonly number[];
  /** Parts of QK-norm's gradients, [layers][sequences · keyValueHeads × headSize] each; empty where it has no weights. */
  readonly headNormParts: readonly { readonly query: number; readonly key: number }[];
  /** Scratch of each worker. */
  readonly scratch: readonly Scratch[];
  readonly end: number;
}

/** What one worker writes to on its own. */
export interface Scratch {
  readonly left: number;
  readonly right: number;
  readonly keyPanels: number;
  readonly valuePanels: number;
  readonly keyRowPanels: number;
  readonly scores: number;
  readonly scoreGradients: number;
  /** A row block of the feed-forward's inner gradient, and of a gradient at a norm's output. */
  readonly inner: number;
  readonly normGradient: number;
  readonly edge: number;
}

/** Rows of one row-wise task: enough tasks to share, of whole panels, or of a size that pays for a call of a BLAS. */
function rowBlockFor(rows: number, blas: boolean): number {
  return blas
    ? [240, 120, 60].find((block) => rows >= 4 * block) ?? 30
    : [40, 20, 10].find((block) => rows >= 16 * block) ?? 5;
}

function layout(shape: TransformerShape, model: ModelMemory, batch: BatchShape, crew: Crew): BatchMemory {
  const { width, heads, keyValueHeads, headSize, feedForwardWidth, vocabularySize } = shape;
  const { length, training } = batch;
  const rows = batch.sequences * length;
  const rowBlock = rowBlockFor(rows, crew.blas !== undefined);
  const attentionWidth = heads * headSize;
  const weightedHeads = shape.queryKeyNorm === "before rope, weighted";
  const arena = new Arena(model.end);
  const activations = (): LayerActivations => ({
    x: arena.floats(rows * width),
    attentionInput: arena.floats(rows * width),
    attentionNorm: arena.floats(rows),
    queryKeyValue: arena.floats(rows * queryKeyValueWidth(shape)),
    queryKeyNorm: arena.floats(rows * (heads + keyValueHeads)),
    headsNormed: arena.floats(weightedHeads ? rows * (heads + keyValueHeads) * headSize : 0),
    attention: arena.floats(rows * attentionWidth),
    logSums: arena.floats(rows * heads),
    middle: arena.floats(rows * width),
    feedForwardInput: arena.floats(rows * width),
    feedForwardNorm: arena.floats(rows),
    gateUp: arena.floats(rows * 2 * feedForwardWidth),
    activation: arena.floats(rows * feedForwardWidth),
  });
  const teacherStride = 4 * (batch.teacher === "full" ? roundUp(vocabularySize, 16) : batch.teacherWidth);
  // An odd number of cache lines, so that a column of logits does not fall into one set of the cache.
  const logitStride = 64 * (Math.ceil(vocabularySize / 16) | 1);
  const logitRows = batch.wholeLogits ? roundUp(rows, rowBlock) : Math.min(
    roundUp(rows, rowBlock),
    roundUp(Math.max(FEWEST_LOGIT_ROWS, LOGIT_BYTES / logitStride), rowBlock),
  );
  const inputs = {
    tokens: arena.floats(rows),
    targets: arena.floats(rows),
    lossWeights: arena.floats(rows),
    starts: arena.floats(rows),
    losses: arena.floats(rows),
    rotary: arena.floats(length * 2 * headSize),
    teacherLogits: arena.bytes(rows * teacherStride),
    teacherStride,
    teacherIds: arena.floats(batch.teacher === "top" ? rows * batch.teacherWidth : 0),
  };
  const shared = training ? undefined : activations();
  const gradientRows = training ? rows : 0;
  const panels = roundUp(length, 8) * roundUp(headSize, 8);
  const scores = QUERY_BLOCK * roundUp(length, 8);
  const gradientColumns = Math.min(GRADIENT_COLUMNS, Math.max(width, feedForwardWidth, attentionWidth));
  return {
    rows,
    rowBlock,
    ...inputs,
    layers: Array.from({ length: shape.layers }, () => shared ?? activations()),
    last: shared?.x ?? arena.floats(rows * width),
    headInput: arena.floats(rows * width),
    finalNorm: arena.floats(rows),
    logits: arena.bytes(logitRows * logitStride),
    logitRows,
    logitStride,
    outputGradient: arena.floats(gradientRows * width),
    middleGradient: arena.floats(gradientRows * width),
    attentionGradient: arena.floats(gradientRows * attentionWidth),
    queryKeyValueGradient: arena.floats(gradientRows * queryKeyValueWidth(shape)),
    normParts: Array.from(
      { length: 2 * shape.layers + 1 },
      () => arena.floats(Math.ceil(gradientRows / rowBlock) * width),
    ),
    headNormParts: Array.from({ length: weightedHeads && training ? shape.layers : 0 }, () => ({
      query: arena.floats(batch.sequences * keyValueHeads * headSize),
      key: arena.floats(batch.sequences * keyValueHeads * headSize),
    })),
    scratch: Array.from({ length: crew.workers }, (): Scratch => ({
      left: arena.floats(
        Math.max(GRADIENT_ROWS * DEPTH_BLOCK, QUERY_BLOCK * roundUp(Math.max(length, headSize), 20)),
      ),
      right: arena.floats(
        Math.max(roundUp(gradientColumns, 8) * DEPTH_BLOCK, QUERY_BLOCK * roundUp(headSize, 8)),
      ),
      keyPanels: arena.floats(panels),
      valuePanels: arena.floats(panels),
      keyRowPanels: arena.floats(panels),
      scores: arena.floats(scores),
      scoreGradients: arena.floats(scores),
      inner: arena.floats(rowBlock * feedForwardWidth),
      normGradient: arena.floats(rowBlock * width),
      edge: arena.bytes(192),
    })),
    end: arena.end,
  };
}

/**
 * Lays out what a batch needs behind the model.
 *
 * @throws {MemoryLimitError} where that goes beyond 4 GiB, with the number of sequences that would fit.
 */
export function batchMemory(
  shape: TransformerShape,
  model: ModelMemory,
  batch: BatchShape,
  crew: Crew,
): BatchMemory {
  const memory = layout(shape, model, batch, crew);
  if (memory.end <= MEMORY_LIMIT) return memory;
  let fitting = batch.sequences - 1;
  while (fitting > 0 && layout(shape, model, { ...batch, sequences: fitting }, crew).end > MEMORY_LIMIT) {
    fitting = Math.floor(fitting * 0.9);
  }
  const gigabytes = (memory.end / 2 ** 30).toFixed(1);
  const needs =
    `${batch.sequences} × ${batch.length} tokens on ${model.places.count} parameters need ${gigabytes} GiB`;
  throw new MemoryLimitError(
    fitting > 0
      ? `${needs}, more than the 4 GiB that WebAssembly addresses; ${fitting} sequences at a time would fit.`
      : `${needs}, more than the 4 GiB that WebAssembly addresses; no batch of this length fits.`,
  );
}
