/**
 * A model that writes tokens: weights, the cache of every slot, and a plan for each number of rows.
 *
 * A decoding step, from the logits to the next logits, is a fixed list of dispatches that hands tokens and positions on by
 * itself: many steps are one submission, and only the drawn ids come back.
 * @module
 */
import { rotaryFrequencies } from "../../wasm/memory/rotary_table.ts";
import type { TransformerShape } from "../../wasm/shape.ts";
import type { Device } from "../device/device.ts";
import { cacheBytes, type CacheShape, makeCache } from "../ops/decode/cache.ts";
import type { AttentionSize } from "../ops/decode/cached_attention.ts";
import { drawTokens, logitBlocks } from "../ops/decode/draw.ts";
import { pickRows } from "../ops/decode/row_inputs.ts";
import { rotaryTable } from "../ops/rotary.ts";
import { attentionSplits, attentionTile } from "./decode_attention.ts";
import { areFew, RowBuffers } from "./decode_buffers.ts";
import { type DecodeContext, headDispatches, layerDispatches, UNPACKED_BYTES } from "./decode_layers.ts";
import { type DecodeWeights, elementOf, overwriteWeights, weightBytes } from "./decode_weights.ts";
import { Plan } from "./plan.ts";
import { inOrder } from "./transformer_forward.ts";

/** Most rows that draw in a step, or whose logits are computed at once. */
export const MOST_ROWS = 256;

/** Most rows of a pass over prompts, which are products' rows and little else. */
export const MOST_PROMPT_ROWS = 1024;

/** Room for sequences. */
export interface DecodeRoom {
  readonly slots: number;
  readonly capacity: number;
}

/** Logits of the slots whose prompts end in a pass. */
export interface EndsPlan {
  /** `ROW`s whose token is the number of a row of the pass. */
  readonly state: GPUBuffer;
  readonly plan: Plan;
}

/** A model with its cache on one device. */
export class DecodeModel {
  readonly memory: { readonly weights: number; readonly cache: number };
  /** Logits after each slot's last token [slots × V]. */
  readonly logits: GPUBuffer;
  /** Rows that attention takes at once where they share a slot; a power of two. */
  readonly tile: number;
  readonly #context: DecodeContext;
  readonly #buffers = new Map<number, RowBuffers>();
  readonly #plans = new Map<string, Promise<unknown>>();

  constructor(
    readonly device: Device,
    readonly shape: TransformerShape,
    weights: DecodeWeights,
    { slots, capacity }: DecodeRoom,
  ) {
    const { heads, keyValueHeads, headSize, queryKeyNorm, normEpsilon, layers, vocabularySize } = shape;
    const cacheShape: CacheShape = {
      element: elementOf(device),
      slots,
      capacity,
      heads,
      keyValueHeads,
      headSize,
      queryKeyNorm,
      normEpsilon,
    };
    this.tile = attentionTile(device, cacheShape);
    const table = rotaryTable(rotaryFrequencies(shape), capacity);
    const angles = device.buffer("angles", table.byteLength);
    device.write(angles, table);
    this.logits = device.buffer("logits", 4 * slots * vocabularySize);
    this.#context = {
      device,
      shape,
      weights,
      cacheShape,
      caches: Array.from({ length: layers }, (_, i) => makeCache(device, `layer ${i}`, cacheShape)),
      angles,
      logits: this.logits,
      unpacked: device.buffer("unpacked", weights.embedding.format === "4-bit" ? UNPACKED_BYTES : 0),
    };
    this.memory = { weights: weightBytes(weights), cache: 2 * layers * cacheBytes(cacheShape) };
  }

  /** Writes other weights, flat in the order of parameters, over those that are stored as f32 or f16. */
  load(flat: Float32Array): void {
    overwriteWeights(this.device, this.shape, this.#context.weights, flat);
  }

  /** The buffers of so many rows. */
  buffers(rows: number): RowBuffers {
    let buffers = this.#buffers.get(rows);
    if (buffers === undefined) {
      buffers = new RowBuffers(
        this.device,
        this.shape,
        this.#context.cacheShape,
        rows,
        this.#size(rows, Math.min(this.tile, rows), Infinity).splits,
      );
      this.#buffers.set(rows, buffers);
    }
    return buffers;
  }

  /**
   * Tokens of rows → their keys and values, and x; for rows that see up to `positions` positions.
   *
   * @param tile 1, or the model's: the rows of each tile share a slot, and those without one come last in theirs.
   */
  layers(rows: number, tile: number, positions: number): Promise<Plan> {
    const size = this.#size(rows, tile, positions);
    return this.#once(
      `layers ${rows} ${tile} ${size.splits}`,
      async () => new Plan(this.device, await layerDispatches(this.#context, this.buffers(rows), size)),
    );
  }

  /** A draw from each row's slot's logits, and a pass that ends with the next logits. */
  step(rows: number, positions: number): Promise<Plan> {
    const { device, shape } = this;
    const size = this.#size(rows, 1, positions);
    return this.#once(`step ${rows} ${size.splits}`, async () => {
      const buffers = this.buffers(rows);
      const draw = { rows, slots: this.#context.cacheShape.slots, vocabularySize: shape.vocabularySize };
      const drawBuffers = { ...buffers.draw, rows: buffers.state, logits: this.logits };
      return new Plan(
        device,
        await inOrder([
          logitBlocks(device, "logit blocks", draw, drawBuffers),
          drawTokens(device, "draw", draw, drawBuffers),
          layerDispatches(this.#context, buffers, size),
          this.#head(buffers, buffers.state, buffers.x, rows),
        ]),
      );
    });
  }

  /** Logits of `count` of the rows of a pass. */
  ends(rows: number, count: number): Promise<EndsPlan> {
    const { device, shape } = this;
    return this.#once(`ends ${rows} ${count}`, async () => {
      const buffers = this.buffers(count);
      const state = device.buffer("ends", 16 * count);
      const picked = device.buffer("picked", 4 * count * shape.width);
      const plan = new Plan(
        device,
        await inOrder([
          pickRows(device, "ends", count, shape.width, { picks: state, x: this.buffers(rows).x, y: picked }),
          this.#head(buffers, state, picked, count),
        ]),
      );
      return { state, plan };
    });
  }

  #head(buffers: RowBuffers, state: GPUBuffer, x: GPUBuffer, rows: number) {
    return headDispatches(this.#context, { rows, state, x, room: areFew(rows) ? null : buffers.head });
  }

  /** How attention is cut for rows that see up to so many positions. */
  #size(rows: number, tile: number, positions: number): AttentionSize {
    return {
      rows,
      tile,
      splits: attentionSplits({ rows, tile }, this.shape.keyValueHeads, positions),
    };
  }

  #once<Made>(key: string, make: () => Promise<Made>): Promise<Made> {
    let made = this.#plans.get(key) as Promise<Made> | undefined;
    if (made === undefined) {
      made = make();
      this.#plans.set(key, made);
    }
    return made;
  }
}
