/**
 * The buffers of a pass over rows: what comes in, what passes from kernel to kernel, what is drawn.
 * @module
 */
import { queryKeyValueWidth, type TransformerShape } from "../../wasm/shape.ts";
import type { Device } from "../device/device.ts";
import type { CacheShape } from "../ops/decode/cache.ts";
import { blockBytes, DRAW_LENGTH } from "../ops/decode/draw.ts";
import { ROW_LENGTH } from "../ops/decode/rows.ts";
import { MOST_VECTOR_ROWS } from "../ops/decode/vector_product.ts";
import { bytesOf } from "../ops/kernel.ts";

/** Steps whose random numbers and tokens are held at a time. */
export const MOST_STEPS = 64;

/** Whether so many rows go through the matrix-vector kernels. */
export function areFew(rows: number): boolean {
  return rows <= MOST_VECTOR_ROWS;
}

/** Buffers of so many rows; what only some passes need is made when it is asked for. */
export class RowBuffers {
  /** `ROW` of each row. */
  readonly state: GPUBuffer;
  /** The residual stream [rows × D] in f32, as all that follows. */
  readonly x: GPUBuffer;
  /** [rows × H·d]. */
  readonly queries: GPUBuffer;
  /** [rows × H·d]. */
  readonly attention: GPUBuffer;
  /** What the splits of attention leave [rows × H × splits × d] and [rows × H × splits × 2]. */
  readonly parts: GPUBuffer;
  readonly partSums: GPUBuffer;
  /** Of a few rows: silu(g)∘u [rows × F]. */
  readonly gated: GPUBuffer;
  #many: ManyBuffers | undefined;
  #draw: DrawnBuffers | undefined;
  #head: { readonly input: GPUBuffer; readonly logits: GPUBuffer } | undefined;

  /** @param splits Most workgroups that share a row's positions. */
  constructor(
    readonly device: Device,
    readonly shape: TransformerShape,
    readonly cacheShape: CacheShape,
    readonly rows: number,
    splits: number,
  ) {
    const { heads, headSize, width, feedForwardWidth } = shape;
    this.state = this.#make("rows", ROW_LENGTH);
    this.x = this.#make("x", width);
    this.queries = this.#make("queries", heads * headSize);
    this.attention = this.#make("attention", heads * headSize);
    this.parts = this.#make("parts", splits === 1 ? 0 : heads * splits * headSize);
    this.partSums = this.#make("partSums", splits === 1 ? 0 : heads * splits * 2);
    this.gated = this.#make("gated", areFew(rows) ? feedForwardWidth : 0);
  }

  /** What many rows need. */
  get many(): ManyBuffers {
    const { width, heads, headSize, feedForwardWidth } = this.shape;
    const bytes = bytesOf(this.cacheShape.element);
    return this.#many ??= {
      input: this.#make("input", Math.max(width, heads * headSize, feedForwardWidth) * bytes / 4),
      queryKeyValue: this.#make("queryKeyValue", queryKeyValueWidth(this.shape)),
      gateUp: this.#make("gateUp", 2 * feedForwardWidth),
    };
  }

  /** What the head of many rows needs. */
  get head(): { readonly input: GPUBuffer; readonly logits: GPUBuffer } {
    return this.#head ??= {
      input: this.#make("head input", this.shape.width * bytesOf(this.cacheShape.element) / 4),
      logits: this.#make("row logits", this.shape.vocabularySize),
    };
  }

  /** What drawing needs. */
  get draw(): DrawnBuffers {
    return this.#draw ??= {
      settings: this.#make("draw settings", DRAW_LENGTH),
      uniforms: this.#make("uniforms", MOST_STEPS),
      blocks: this.#make("blocks", blockBytes(1) / 4),
      drawn: this.#make("drawn", MOST_STEPS),
    };
  }

  /** So many words for each row. */
  #make(name: string, words: number): GPUBuffer {
    return this.device.buffer(name, 4 * this.rows * words);
  }
}

/** Buffers of the products of many rows. */
export interface ManyBuffers {
  /** A product's input [rows × D, H·d or F], in the cache's element type. */
  readonly input: GPUBuffer;
  /** [rows × (H + 2K)·d]. */
  readonly queryKeyValue: GPUBuffer;
  /** [rows × 2F]. */
  readonly gateUp: GPUBuffer;
}

/** Buffers of draws; steps × rows, with room for `MOST_STEPS`. */
export interface DrawnBuffers {
  /** `DRAW` of each row. */
  readonly settings: GPUBuffer;
  readonly uniforms: GPUBuffer;
  readonly blocks: GPUBuffer;
  /** Token ids. */
  readonly drawn: GPUBuffer;
}
