/**
 * What kernels know of a GPU.
 * @module
 */
import type { Tuning } from "../tuning.ts";
import type { Provider } from "./provider.ts";

export type { Provider };

/**
 * How products are stored and computed.
 * f32: everything in f32. f16: f16 storage, f32 accumulation. tensor: f16 storage through subgroup matrices, f32 accumulation.
 */
export type Tier = "f32" | "f16" | "tensor";

/** Smallest and largest number of invocations that a subgroup may have. */
export interface SubgroupSizes {
  readonly min: number;
  readonly max: number;
}

/** An open device and what it was given. Dispose of it to free its memory. */
export interface Device extends Disposable {
  readonly gpu: GPUDevice;
  readonly provider: Provider;
  readonly tier: Tier;
  /** The adapter's name: "NVIDIA H100 80GB HBM3". */
  readonly adapter: string;
  /** Whether dispatches can be timed on the device. */
  readonly timestamps: boolean;
  /** null: no subgroup operations. */
  readonly subgroups: SubgroupSizes | null;
  /** How products are divided here. */
  readonly tuning: Tuning;
  /** Bytes of all buffers made by `buffer` and not destroyed. */
  readonly allocatedBytes: number;
  /**
   * Compiles a compute kernel; the same text is compiled once. `enable subgroups;` is left out for Deno, whose parser rejects it.
   * Kernels keep within their bindings: on Dawn nothing checks it.
   *
   * @throws {KernelError} with the compiler's message, the label and the line.
   */
  pipeline(label: string, wgsl: string, entryPoint?: string): Promise<GPUComputePipeline>;
  /**
   * A storage buffer, rounded up to a multiple of 16 bytes, that can be copied from and to.
   *
   * @throws {OutOfDeviceMemoryError} at once when it is larger than one buffer may be; when the memory itself runs out, from the
   * next `read` or `settled`, because WebGPU reports that late.
   */
  buffer(label: string, bytes: number): GPUBuffer;
  /**
   * A buffer that kernels share for what lasts from one dispatch to the next. A larger request makes a larger one; dispatches
   * made before keep theirs.
   */
  scratch(bytes: number): GPUBuffer;
  /** Writes at a byte offset. Offset and length are multiples of 4, or the data end within the buffer's last 16 bytes. */
  write(buffer: GPUBuffer, data: ArrayBufferView, offset?: number): void;
  /** A copy of the bytes, once everything submitted before has run. */
  read(buffer: GPUBuffer, offset?: number, bytes?: number): Promise<ArrayBuffer>;
  /** Resolves once everything submitted has run; throws what went wrong meanwhile. */
  settled(): Promise<void>;
}
