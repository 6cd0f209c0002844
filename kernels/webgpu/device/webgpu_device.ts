/**
 * The device over WebGPU: compiled kernels, counted buffers, and errors that WebGPU reports late, thrown at the next wait.
 * @module
 */
import type { Tuning } from "../tuning.ts";
import type { Candidate } from "./adapter.ts";
import { adapterName } from "./adapter_info.ts";
import type { Device, SubgroupSizes, Tier } from "./device.ts";
import { DeviceLostError, KernelError, MissingFeatureError, OutOfDeviceMemoryError } from "./errors.ts";
import type { Provider } from "./provider.ts";

/** Limits asked for in full: WebGPU's defaults (128 MiB bindings, 16 KiB of workgroup memory) are far below what GPUs have. */
const raisedLimits = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
  "maxComputeWorkgroupSizeZ",
  "maxComputeWorkgroupsPerDimension",
] as const;

/** Bytes handed to the queue in one piece: providers copy what they are given. */
const writeChunk = 256 * 2 ** 20;

const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

export class WebGpuDevice implements Device {
  readonly gpu: GPUDevice;
  readonly provider: Provider;
  readonly tier: Tier;
  readonly adapter: string;
  readonly timestamps: boolean;
  readonly subgroups: SubgroupSizes | null;
  readonly tuning: Tuning;
  /** Held so that it outlives the device. */
  readonly entry: GPU;
  #scratch: GPUBuffer | undefined;
  #allocatedBytes = 0;
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>();
  /** The first error that WebGPU reported outside a call. */
  #failure: Error | undefined;
  #disposed = false;

  private constructor(gpu: GPUDevice, candidate: Candidate, tuning: Tuning) {
    const { info } = candidate.adapter;
    this.gpu = gpu;
    this.entry = candidate.entry;
    this.tuning = tuning;
    this.provider = candidate.provider;
    this.tier = candidate.tier;
    this.adapter = adapterName(candidate.adapter);
    this.timestamps = gpu.features.has("timestamp-query");
    this.subgroups = gpu.features.has("subgroups")
      ? { min: info.subgroupMinSize, max: info.subgroupMaxSize }
      : null;
    gpu.lost.then(({ reason, message }) => {
      if (this.#disposed) return;
      this.#failure = new DeviceLostError(
        `${this.adapter} was lost (${reason}: ${message}): resume from the last checkpoint; if it happens again, lower the batch.`,
      );
    });
    gpu.addEventListener("uncapturederror", (event) => {
      this.#failure ??= new KernelError(
        `${this.adapter}: ${(event as GPUUncapturedErrorEvent).error.message}`,
      );
    });
  }

  /** Requests the device with every limit and feature that the kernels can use. */
  static async open(candidate: Candidate, tuning: Tuning): Promise<Device> {
    const { adapter, tier } = candidate;
    const requiredLimits = Object.fromEntries(raisedLimits.map((name) => [name, adapter.limits[name]]));
    const wanted = ["timestamp-query"];
    if (tier !== "f32") wanted.push("shader-f16");
    if (tier === "tensor") wanted.push("chromium-experimental-subgroup-matrix");
    const features = wanted.filter((name) => adapter.features.has(name));
    const request = (names: readonly string[]) =>
      adapter.requestDevice({ requiredFeatures: names as GPUFeatureName[], requiredLimits });
    try {
      // Deno grants subgroups on request although its adapters do not list them.
      return new WebGpuDevice(await request([...features, "subgroups"]), candidate, tuning);
    } catch {
      // An adapter is used up by a request, granted or not, on some providers: then the error below says why.
    }
    try {
      return new WebGpuDevice(await request(features), candidate, tuning);
    } catch (cause) {
      throw new MissingFeatureError(`${adapterName(adapter)} gives no device: ${(cause as Error).message}`, {
        cause,
      });
    }
  }

  get allocatedBytes(): number {
    return this.#allocatedBytes;
  }

  pipeline(label: string, wgsl: string, entryPoint = "main"): Promise<GPUComputePipeline> {
    const key = `${entryPoint}\n${wgsl}`;
    let pipeline = this.#pipelines.get(key);
    if (!pipeline) {
      pipeline = this.#compile(label, wgsl, entryPoint);
      this.#pipelines.set(key, pipeline);
    }
    return pipeline;
  }

  async #compile(label: string, wgsl: string, entryPoint: string): Promise<GPUComputePipeline> {
    const code = this.provider === "deno" ? wgsl.replace(/^enable subgroups;/m, "") : wgsl;
    this.gpu.pushErrorScope("validation");
    const module = this.gpu.createShaderModule({ label, code });
    const rejected = this.gpu.popErrorScope();
    const { messages } = await module.getCompilationInfo();
    const error = messages.find(({ type }) => type === "error");
    if (error) {
      const line = code.split("\n")[error.lineNum - 1]?.trim() ?? "";
      throw new KernelError(`Kernel ${label}, line ${error.lineNum} (${line}): ${error.message}`);
    }
    const rejection = await rejected;
    if (rejection) throw new KernelError(`Kernel ${label}: ${rejection.message}`);
    try {
      return await this.gpu.createComputePipelineAsync({
        label,
        layout: "auto",
        compute: { module, entryPoint },
      });
    } catch (cause) {
      throw new KernelError(`Kernel ${label}: ${(cause as Error).message}`, { cause });
    }
  }

  buffer(label: string, bytes: number): GPUBuffer {
    const size = Math.max(16, Math.ceil(bytes / 16) * 16);
    const largest = this.gpu.limits.maxBufferSize;
    if (size > largest) {
      throw new OutOfDeviceMemoryError(
        `Buffer ${label} needs ${mebibytes(size)}, and ${this.adapter} allows ${
          mebibytes(largest)
        } in one: split it.`,
      );
    }
    this.gpu.pushErrorScope("out-of-memory");
    const buffer = this.gpu.createBuffer({
      label,
      size,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    });
    const before = this.#allocatedBytes;
    this.gpu.popErrorScope().then((error) => {
      if (!error) return;
      this.#failure ??= new OutOfDeviceMemoryError(
        `Buffer ${label} (${mebibytes(size)}) does not fit beside the ${
          mebibytes(before)
        } already allocated on ${this.adapter}: ` +
          "lower the batch or the sequence length, or recompute activations.",
      );
    });
    this.#allocatedBytes += size;
    const destroy = buffer.destroy.bind(buffer);
    let alive = true;
    buffer.destroy = () => {
      if (alive) this.#allocatedBytes -= size;
      alive = false;
      return destroy();
    };
    return buffer;
  }

  scratch(bytes: number): GPUBuffer {
    if (!this.#scratch || this.#scratch.size < bytes) this.#scratch = this.buffer("scratch", bytes);
    return this.#scratch;
  }

  write(buffer: GPUBuffer, data: ArrayBufferView, offset = 0): void {
    // A view of bytes: Dawn ends the process when it is given a Float16Array.
    let bytes = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
    if (bytes.length % 4 !== 0) {
      if (offset + bytes.length <= buffer.size - 16) {
        throw new KernelError(
          `Write of ${bytes.length} bytes into ${buffer.label}: lengths inside a buffer are multiples of 4 bytes.`,
        );
      }
      const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
      padded.set(bytes);
      bytes = padded;
    }
    for (let start = 0; start < bytes.length; start += writeChunk) {
      this.gpu.queue.writeBuffer(buffer, offset + start, bytes.subarray(start, start + writeChunk));
    }
  }

  async read(buffer: GPUBuffer, offset = 0, bytes = buffer.size - offset): Promise<ArrayBuffer> {
    // Copies start and end at multiples of 4 bytes.
    const first = offset - offset % 4;
    const size = Math.ceil((offset + bytes - first) / 4) * 4;
    const staging = this.gpu.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    try {
      const encoder = this.gpu.createCommandEncoder();
      encoder.copyBufferToBuffer(buffer, first, staging, 0, size);
      this.gpu.queue.submit([encoder.finish()]);
      await staging.mapAsync(GPUMapMode.READ);
      this.#throwFailure();
      return staging.getMappedRange().slice(offset - first, offset - first + bytes);
    } catch (cause) {
      this.#throwFailure();
      throw new DeviceLostError(
        `${this.adapter}: reading ${buffer.label} failed: ${(cause as Error).message}`,
        { cause },
      );
    } finally {
      staging.destroy();
    }
  }

  async settled(): Promise<void> {
    await this.gpu.queue.onSubmittedWorkDone();
    this.#throwFailure();
  }

  #throwFailure(): void {
    if (this.#failure) throw this.#failure;
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.gpu.destroy();
  }
}
