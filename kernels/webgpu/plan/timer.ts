/**
 * Timestamps around compute passes.
 * @module
 */
import type { Device } from "../device/device.ts";

/** Times passes of one command encoder; good for one submission. */
export class Timer {
  /** A query set holds at most 4096 timestamps (WebGPU, "GPUQuerySet creation"), two for each pass. */
  static readonly mostPasses = 2048;

  readonly #device: Device;
  readonly #passes: number;
  readonly #querySet: GPUQuerySet;
  readonly #resolved: GPUBuffer;

  constructor(device: Device, passes: number) {
    this.#device = device;
    this.#passes = passes;
    this.#querySet = device.gpu.createQuerySet({ type: "timestamp", count: 2 * passes });
    this.#resolved = device.gpu.createBuffer({
      size: 16 * passes,
      usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
    });
  }

  /** What begins the index-th pass. */
  pass(index: number): GPUComputePassDescriptor {
    const querySet = this.#querySet;
    return {
      timestampWrites: { querySet, beginningOfPassWriteIndex: 2 * index, endOfPassWriteIndex: 2 * index + 1 },
    };
  }

  /** Call it after the last pass, before the encoder finishes. */
  resolve(encoder: GPUCommandEncoder): void {
    encoder.resolveQuerySet(this.#querySet, 0, 2 * this.#passes, this.#resolved, 0);
  }

  /** Microseconds of each pass, once it has run. */
  async read(): Promise<number[]> {
    const nanoseconds = new BigUint64Array(await this.#device.read(this.#resolved));
    this.#querySet.destroy();
    this.#resolved.destroy();
    return Array.from(
      { length: this.#passes },
      (_, index) => Number((nanoseconds[2 * index + 1] ?? 0n) - (nanoseconds[2 * index] ?? 0n)) / 1000,
    );
  }
}
