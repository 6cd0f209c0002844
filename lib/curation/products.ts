/**
 * Matrix products by the CPU engine's kernels, on this thread: for models of another kind than ours that only run forward.
 *
 * Matrices are row-major, in the kernels' memory, and given by their address in bytes.
 * @module
 */
import type { Kernels } from "../../kernels/wasm/kernels.ts";
import { compileKernels, hasRelaxedSimd, instantiateKernels } from "../../kernels/wasm/module.ts";
import { RunError } from "../core/errors.ts";

const PAGE_BYTES = 65536;
/** 4 GiB: as much as 32-bit addresses reach. */
const MAX_PAGES = 65536;

/** The kernels keep their own data below. */
const FIRST_ADDRESS = 65536;

/** Depth of the left factor that the product packs at a time (assembly/product.ts), and its slack. */
const LEFT_DEPTH = 260;

/** Room for one tile at the edge of a matrix. */
const EDGE_FLOATS = 48;

/** A right factor in panels (assembly/pack.ts). */
export interface Packed {
  readonly panels: number;
  /** Rows of the factor. */
  readonly depth: number;
  readonly columns: number;
}

function roundUp(count: number, to: number): number {
  return Math.ceil(count / to) * to;
}

/** Memory and kernels of one model. */
export class ProductMemory {
  readonly #kernels: Kernels;
  readonly #memory: WebAssembly.Memory;
  #end = FIRST_ADDRESS;
  readonly #left: number;
  readonly #edge: number;

  private constructor(kernels: Kernels, memory: WebAssembly.Memory, maxRows: number) {
    this.#kernels = kernels;
    this.#memory = memory;
    this.#left = this.allocate(roundUp(maxRows, 5) * LEFT_DEPTH);
    this.#edge = this.allocate(EDGE_FLOATS);
  }

  /** @param maxRows Most rows of a left factor. */
  static async open(maxRows: number): Promise<ProductMemory> {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: MAX_PAGES, shared: true });
    const module = await compileKernels(hasRelaxedSimd() ? "relaxed" : "simd");
    return new ProductMemory(await instantiateKernels(module, memory), memory, maxRows);
  }

  /** Takes room for so many floats, for good. @throws {RunError} where the memory is full. */
  allocate(count: number): number {
    const address = this.#end;
    this.#end += roundUp(4 * count, 16);
    this.#reach(this.#end);
    return address;
  }

  /** Takes room for values and puts them there. */
  place(values: Float32Array): number {
    const address = this.allocate(values.length);
    this.view(address, values.length).set(values);
    return address;
  }

  /** The floats at an address. */
  view(address: number, count: number): Float32Array {
    return new Float32Array(this.#memory.buffer, address, count);
  }

  /** Room for the panels of a factor. */
  allocatePanels(depth: number, columns: number): number {
    return this.allocate(roundUp(columns, 8) * roundUp(depth, 4));
  }

  /** Takes the weights of a linear layer [outputs × inputs] in, as the right factor of x·Wᵀ. */
  packWeights(weights: Float32Array, outputs: number, inputs: number): Packed {
    const panels = this.allocatePanels(inputs, outputs);
    // The plain weights lie behind the end for a moment.
    const plain = this.#end;
    this.#reach(plain + 4 * weights.length);
    this.view(plain, weights.length).set(weights);
    return this.packTransposed(plain, inputs, outputs, inputs, panels);
  }

  /** Packs Bᵀ as a right factor [depth × columns] from B [columns × depth], whose rows are `stride` floats apart. */
  packTransposed(b: number, stride: number, columns: number, depth: number, panels: number): Packed {
    this.#kernels.packRightTransposed(b, 4 * stride, columns, depth, panels);
    return { panels, depth, columns };
  }

  /** Packs B [depth × columns] as a right factor. */
  pack(b: number, stride: number, columns: number, depth: number, panels: number): Packed {
    this.#kernels.packRight(b, 4 * stride, columns, depth, panels);
    return { panels, depth, columns };
  }

  /**
   * C [rows × columns] = A·B, plus `bias` [columns] to every row.
   *
   * @param aStride Floats from one row of A [rows × depth] to the next.
   * @param bias Its address; 0: none.
   */
  multiply(
    a: number,
    aStride: number,
    rows: number,
    b: Packed,
    bias: number,
    c: number,
    cStride: number,
  ): void {
    const { panels, depth, columns } = b;
    // The bias is a matrix whose rows are all the same one.
    this.#kernels.multiplyPacked(
      a,
      4 * aStride,
      panels,
      depth,
      rows,
      columns,
      bias,
      0,
      c,
      4 * cStride,
      this.#left,
      this.#edge,
    );
  }

  #reach(end: number): void {
    const missing = Math.ceil(end / PAGE_BYTES) - this.#memory.buffer.byteLength / PAGE_BYTES;
    if (missing <= 0) return;
    try {
      this.#memory.grow(missing);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new RunError(
        `The model needs ${Math.ceil(end / 2 ** 20)} MiB of WebAssembly memory, which there are not.`,
      );
    }
  }
}
