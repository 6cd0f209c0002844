/**
 * Opening a GPU: the fastest provider and tier that work here, with the limits of its adapter.
 * @module
 */
import { readTuning, type Tuning } from "../tuning.ts";
import { type Candidate, candidateOf } from "./adapter.ts";
import { adapterName, isSoftware } from "./adapter_info.ts";
import { MissingFeatureError } from "./errors.ts";
import type { Provider } from "./provider.ts";
import { WebGpuDevice } from "./webgpu_device.ts";

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

/** What to open; "auto" takes the fastest that works. */
export interface DeviceOptions {
  readonly provider?: Provider | "auto";
  readonly tier?: Tier | "auto";
  /** What a run began with, to repeat it bit for bit; default: what is cached for the adapter. */
  readonly tuning?: Tuning;
}

/**
 * Opens a device.
 *
 * auto prefers a real GPU over a software one, Dawn over Deno's own, and tensor over f16 over f32; through Deno's own it takes f32.
 *
 * @throws {MissingFeatureError} saying what is missing and how to get it.
 *
 * @example
 * ```ts ignore
 * using device = await openDevice({ tier: "f32" });
 * console.log(device.adapter, device.provider, device.tier);
 * ```
 */
export async function openDevice(options: DeviceOptions = {}): Promise<Device> {
  const { provider = "auto", tier = "auto" } = options;
  const open = async (candidate: Candidate) =>
    WebGpuDevice.open(candidate, options.tuning ?? await readTuning(adapterName(candidate.adapter)));
  const providers: Provider[] = provider === "auto" ? ["dawn", "deno"] : [provider];
  const problems: string[] = [];
  let software: Candidate | undefined;
  for (const name of providers) {
    try {
      const candidate = await candidateOf(name, tier);
      if (!isSoftware(candidate.adapter)) return await open(candidate);
      software ??= candidate;
    } catch (error) {
      if (!(error instanceof MissingFeatureError)) throw error;
      problems.push(error.message);
    }
  }
  if (software) return await open(software);
  throw new MissingFeatureError(problems.join(" "));
}
