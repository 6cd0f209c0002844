/**
 * The buffers of a pass over a batch: what comes in, what every layer keeps for the backward pass, and what all share.
 * @module
 */
import { rotaryFrequencies } from "../../wasm/memory/rotary_table.ts";
import { queryKeyValueWidth, type TransformerShape } from "../../wasm/shape.ts";
import type { Device } from "../device/device.ts";
import type { Distillation } from "../ops/distillation.ts";
import { tokenRunsLength } from "../ops/embedding.ts";
import { HEAD_NORM_BLOCK } from "../ops/head_norm.ts";
import { bytesOf, type Element } from "../ops/kernel.ts";
import { NORM_BLOCK } from "../ops/norm.ts";
import { rotaryTable } from "../ops/rotary.ts";

/** What determines the buffers and the kernels of a pass. */
export interface BatchShape {
  readonly sequences: number;
  readonly length: number;
  /** Keep every layer's activations for a backward pass; without it, layers share one set of buffers. */
  readonly training: boolean;
  /** A teacher's settings, and how many logits it gives for each position: all of them, or the top k. */
  readonly teacher: (Distillation & { readonly top: number | null }) | null;
  /** Compute gate and up again in the backward pass instead of keeping them: 60% of what a layer keeps. */
  readonly recompute: boolean;
  /** Cut the logits into blocks between sequences only. */
  readonly wholeSequences?: boolean;
}

/** What a layer's backward pass reads; rows are positions. */
export interface LayerBuffers {
  /** The residual stream that enters [rows × D]. */
  readonly x: GPUBuffer;
  /** [rows × (H + 2K)·d], turned and normalised. */
  readonly queryKeyValue: GPUBuffer;
  /** Queries and keys before a norm with weights [rows × (H + K)·d]; empty where theirs has none. */
  readonly unnormed: GPUBuffer;
  /** What QK-norm without weights multiplied by [rows × (H + K)]. */
  readonly factors: GPUBuffer;
  /** Attention's output before its projection [rows × H·d]. */
  readonly attention: GPUBuffer;
  /** [H × rows]. */
  readonly logSums: GPUBuffer;
  /** The residual stream between attention and feed-forward [rows × D]. */
  readonly middle: GPUBuffer;
  /** [rows × 2F]. */
  readonly gateUp: GPUBuffer;
}

/** What only a backward pass needs. */
export interface GradientBuffers {
  /** Of the residual stream, in place from the last layer to the first [rows × D]. */
  readonly x: GPUBuffer;
  /** Of a norm's output [rows × D]. */
  readonly normed: GPUBuffer;
  /** Of attention's output [rows × H·d]. */
  readonly attention: GPUBuffer;
  readonly pulls: GPUBuffer;
  /** [rows × 3·H·d]. */
  readonly parts: GPUBuffer;
  /** [rows × (H + 2K)·d]. */
  readonly queryKeyValue: GPUBuffer;
  /** Parts of the norms' weights' gradients, f32: [blocks × D] for each of 2·layers + 1, `normPartStride` apart. */
  readonly normParts: GPUBuffer;
  readonly normPartStride: number;
  /** The same of the norms of queries and keys: [blocks × 2 × d] for each layer; empty where those have no weights. */
  readonly headNormParts: GPUBuffer;
  readonly headNormPartStride: number;
}

/** Bytes of a block of logits, at most. */
const LOGIT_BYTES = 512 * 2 ** 20;

/** Rows that a block of logits is a multiple of, so that every row-wise buffer can be bound from its first row on. */
const ROW_UNIT = 64;

/** All buffers of a pass. */
export class Activations {
  readonly rows: number;
  readonly element: Element;
  readonly tokens: GPUBuffer;
  readonly targets: GPUBuffer;
  readonly weights: GPUBuffer;
  readonly starts: GPUBuffer;
  /** As `tokenRuns`. */
  readonly runs: GPUBuffer;
  /** Teacher logits: whole rows for each block of logits, or one buffer of the top k of all rows. */
  readonly teacherLogits: readonly GPUBuffer[];
  readonly teacherIds: GPUBuffer | null;
  readonly table: GPUBuffer;
  readonly layers: readonly LayerBuffers[];
  /** The residual stream after the last layer [rows × D]. */
  readonly last: GPUBuffer;
  /** A norm's output [rows × D]. */
  readonly normed: GPUBuffer;
  /** What the head reads [rows × D]. */
  readonly hidden: GPUBuffer;
  /** SwiGLU's output, or its gradient [rows × F]. */
  readonly activation: GPUBuffer;
  /** One block of logits [logitRows × logitStride]. */
  readonly logits: GPUBuffer;
  readonly logitRows: number;
  readonly logitStride: number;
  /** Loss of each row. */
  readonly losses: GPUBuffer;
  /** Σ weight · loss of each sequence. */
  readonly sequenceLosses: GPUBuffer;
  readonly gradients: GradientBuffers | null;
  readonly #buffers: GPUBuffer[] = [];

  constructor(device: Device, shape: TransformerShape, batch: BatchShape) {
    const { width, heads, keyValueHeads, headSize, feedForwardWidth, vocabularySize } = shape;
    const { sequences, length, training, teacher, recompute, wholeSequences = false } = batch;
    const rows = sequences * length;
    this.rows = rows;
    this.element = device.tier === "f32" ? "f32" : "f16";
    const words = (name: string, count: number) => {
      const buffer = device.buffer(name, 4 * count);
      this.#buffers.push(buffer);
      return buffer;
    };
    const elements = (name: string, rowWidth: number) => {
      const buffer = device.buffer(name, bytesOf(this.element) * rows * rowWidth);
      this.#buffers.push(buffer);
      return buffer;
    };
    this.tokens = words("tokens", rows);
    this.targets = words("targets", rows);
    this.weights = words("lossWeights", rows);
    this.starts = words("starts", rows);
    this.runs = words("tokenRuns", training ? tokenRunsLength(rows) : 1);
    this.table = words("rotaryTable", length * headSize);
    device.write(this.table, rotaryTable(rotaryFrequencies(shape), length));

    const hasHeadNorms = shape.queryKeyNorm === "before rope, weighted";
    const gateUp = training && !recompute ? null : elements("gateUp", 2 * feedForwardWidth);
    const layer = (): LayerBuffers => ({
      x: elements("x", width),
      queryKeyValue: elements("queryKeyValue", queryKeyValueWidth(shape)),
      unnormed: elements("unnormed", hasHeadNorms ? (heads + keyValueHeads) * headSize : 0),
      factors: words("factors", rows * (heads + keyValueHeads)),
      attention: elements("attention", heads * headSize),
      logSums: words("logSums", rows * heads),
      middle: elements("middle", width),
      gateUp: gateUp ?? elements("gateUp", 2 * feedForwardWidth),
    });
    const shared = training ? null : layer();
    this.layers = Array.from({ length: shape.layers }, () => shared ?? layer());
    // A layer reads x before its last product writes the next one's: without a backward pass one buffer does.
    this.last = shared?.x ?? elements("last", width);
    this.normed = elements("normed", width);
    this.hidden = elements("hidden", width);
    this.activation = elements("activation", feedForwardWidth);

    this.logitStride = Math.ceil(vocabularySize / 8) * 8;
    const rowBytes = bytesOf(this.element) * this.logitStride;
    const limit = Math.min(LOGIT_BYTES, device.gpu.limits.maxStorageBufferBindingSize);
    const unit = wholeSequences ? leastCommonMultiple(ROW_UNIT, length) : ROW_UNIT;
    const units = Math.max(1, Math.floor(limit / rowBytes / unit));
    this.logitRows = Math.min(rows, unit * units);
    this.logits = device.buffer("logits", rowBytes * this.logitRows);
    this.losses = words("losses", rows);
    this.sequenceLosses = words("sequenceLosses", sequences);
    this.#buffers.push(this.logits);

    this.teacherIds = null;
    if (teacher === null) {
      this.teacherLogits = [];
    } else if (teacher.top !== null) {
      this.teacherLogits = [words("teacherLogits", rows * teacher.top)];
      this.teacherIds = words("teacherIds", rows * teacher.top);
    } else {
      this.teacherLogits = this.blocks().map(({ count }) => words("teacherLogits", count * this.logitStride));
    }
    const normPartStride = partStride(Math.ceil(rows / NORM_BLOCK) * width);
    const headNormPartStride = partStride(Math.ceil(rows / HEAD_NORM_BLOCK) * 2 * headSize);
    this.gradients = training
      ? {
        x: elements("dx", width),
        normed: elements("dNormed", width),
        attention: elements("dAttention", heads * headSize),
        pulls: words("pulls", rows * heads),
        parts: elements("attentionParts", 3 * heads * headSize),
        queryKeyValue: elements("dQueryKeyValue", queryKeyValueWidth(shape)),
        normParts: words("normParts", (2 * shape.layers + 1) * normPartStride),
        normPartStride,
        headNormParts: words("headNormParts", hasHeadNorms ? shape.layers * headNormPartStride : 0),
        headNormPartStride,
      }
      : null;
  }

  /** The blocks of rows that the head takes one after another. */
  blocks(): { first: number; count: number }[] {
    return Array.from({ length: Math.ceil(this.rows / this.logitRows) }, (_, i) => ({
      first: i * this.logitRows,
      count: Math.min(this.logitRows, this.rows - i * this.logitRows),
    }));
  }

  /** Frees the memory. */
  destroy(): void {
    for (const buffer of this.#buffers) buffer.destroy();
  }
}

/** Floats from one norm's parts to the next one's: each can be bound on its own, at multiples of 256 bytes. */
function partStride(size: number): number {
  return Math.ceil(size / 64) * 64;
}

function leastCommonMultiple(a: number, b: number): number {
  let multiple = b;
  while (multiple % a !== 0) multiple += b;
  return multiple;
}
