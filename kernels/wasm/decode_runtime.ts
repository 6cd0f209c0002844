/**
 * A decoder at work: one shared memory, the workers on it, and what puts weights into their place.
 * @module
 */
import { MEMORY_LIMIT, PAGE_BYTES, roundUp } from "./memory/arena.ts";
import {
  type DecodeLayout,
  type DecodeMatrix,
  type DecodeMemory,
  decodeMemory,
  STAGED_ROWS,
} from "./memory/decode.ts";
import { rotaryTable } from "./memory/rotary_table.ts";
import type { Kernels } from "./kernels.ts";
import { compileKernels, hasRelaxedSimd, instantiateKernels, type Variant } from "./module.ts";
import type { Pass } from "./plan/decode_context.ts";
import { WorkerPool } from "./pool.ts";
import type { DecodeStart } from "./decode_worker.ts";

/** Four-bit weights, row by row: two a byte, the even column in the low half, and a scale for each group of columns. */
export interface PackedRows {
  readonly packed: Uint8Array;
  readonly scales: Float32Array;
}

/** A decoder's memory and workers. Calls must not overlap. */
export class DecodeRuntime implements Disposable {
  private constructor(
    readonly layout: DecodeLayout,
    readonly variant: Variant,
    readonly places: DecodeMemory,
    private readonly memory: WebAssembly.Memory,
    /** For this thread: packing. */
    private readonly kernels: Kernels,
    private readonly pool: WorkerPool,
  ) {}

  /**
   * Starts the workers over weights that are all 0.
   *
   * @throws {MemoryLimitError} where the decoder goes beyond 4 GiB.
   */
  static async start(layout: DecodeLayout, choice: Variant | "auto"): Promise<DecodeRuntime> {
    const variant = choice === "auto" ? (hasRelaxedSimd() ? "relaxed" : "simd") : choice;
    const places = decodeMemory(layout);
    const module = await compileKernels(variant);
    const memory = new WebAssembly.Memory({
      initial: Math.ceil(places.end / PAGE_BYTES),
      maximum: MEMORY_LIMIT / PAGE_BYTES,
      shared: true,
    });
    const first = Array.from(
      { length: layout.workers },
      (_, worker): DecodeStart => ({ module, memory, layout, worker }),
    );
    const pool = await WorkerPool.start(new URL("./decode_worker.ts", import.meta.url), first);
    const kernels = await instantiateKernels(module, memory);
    const runtime = new DecodeRuntime(layout, variant, places, memory, kernels, pool);
    const table = rotaryTable(layout.shape, layout.capacity);
    runtime.floats(places.rotary, table.length).set(table);
    return runtime;
  }

  floats(address: number, count: number): Float32Array {
    return new Float32Array(this.memory.buffer, address, count);
  }

  words(address: number, count: number): Uint32Array {
    return new Uint32Array(this.memory.buffer, address, count);
  }

  /** Puts a float32 matrix [outputs × inputs] in its place, as panels. */
  loadFloats(matrix: DecodeMatrix, weights: Float32Array) {
    if (matrix.kind !== "float32") throw new RangeError("The decoder was laid out for 4-bit weights.");
    const { outputs, inputs, panels } = matrix;
    const { staging } = this.places;
    for (let from = 0; from < outputs; from += STAGED_ROWS) {
      const count = Math.min(STAGED_ROWS, outputs - from);
      this.floats(staging, count * inputs).set(weights.subarray(from * inputs, (from + count) * inputs));
      const to = panels + 4 * from * roundUp(inputs, 4);
      this.kernels.packRightTransposed(staging, 4 * inputs, count, inputs, to);
    }
  }

  /** Puts a 4-bit matrix in its place: blocks of 4 rows × 32 columns; rows that `parts` lack are 0. */
  loadPacked(matrix: DecodeMatrix, parts: readonly PackedRows[]) {
    if (matrix.kind !== "4-bit") throw new RangeError("The decoder was laid out for float32 weights.");
    const { inputs, packed, scales, group, outputs } = matrix;
    const rows = roundUp(outputs, 4);
    const groups = inputs / group;
    const blocks = inputs / 32;
    const to = new Uint32Array(this.memory.buffer, packed, rows * inputs / 8);
    const toScales = this.floats(scales, rows * groups);
    let row = 0;
    for (const part of parts) {
      const words = new Uint32Array(part.packed.slice().buffer);
      const count = part.scales.length / groups;
      for (let own = 0; own < count; own++, row++) {
        const first = Math.floor(row / 4) * blocks * 16 + (row % 4) * 4;
        for (let block = 0; block < blocks; block++) {
          const from = (own * blocks + block) * 4;
          // Both arrays hold whole blocks; a loop, since `set` costs more than four words do.
          for (let i = 0; i < 4; i++) to[first + block * 16 + i] = words[from + i] as number;
        }
        for (let g = 0; g < groups; g++) {
          const place = (Math.floor(row / 4) * groups + g) * 4 + row % 4;
          toScales[place] = part.scales[own * groups + g] as number; // One for each row and group.
        }
      }
    }
  }

  /** Runs a pass over what lies in the lists of the memory. @throws {WorkerError} where a worker fails, which stops all. */
  async run(pass: Pass): Promise<void> {
    await this.pool.run(pass);
  }

  /** Stops the workers. */
  [Symbol.dispose]() {
    this.pool[Symbol.dispose]();
  }
}
