/**
 * A fixed list of dispatches whose bind groups are made once: running it allocates nothing.
 * @module
 */
import type { Device } from "../device/device.ts";
import type { Dispatch } from "./dispatch.ts";
import { Timer } from "./timer.ts";

/** What one dispatch of a plan took. */
export interface DispatchTime {
  readonly label: string;
  readonly microseconds: number;
  readonly flops: number;
  readonly bytes: number;
}

/**
 * Dispatches in order, each of which sees what the ones before it wrote.
 *
 * @example
 * ```ts ignore
 * const plan = new Plan(device, await product(device, "q", { m, n, k, a, b, c }));
 * plan.submit();
 * const result = await device.read(c.buffer);
 * ```
 */
export class Plan {
  readonly #device: Device;
  readonly #dispatches: readonly Dispatch[];
  readonly #bindGroups: readonly GPUBindGroup[];
  /** The next submission, encoded ahead. */
  #prepared: GPUCommandBuffer | undefined;

  constructor(device: Device, dispatches: readonly Dispatch[]) {
    this.#device = device;
    this.#dispatches = dispatches;
    this.#bindGroups = dispatches.map(({ label, pipeline, bindings }) =>
      device.gpu.createBindGroup({
        label,
        layout: pipeline.getBindGroupLayout(0),
        entries: bindings.map((resource, binding) => ({ binding, resource })),
      })
    );
  }

  /** Number of dispatches. */
  get length(): number {
    return this.#dispatches.length;
  }

  /** Queues the whole plan, so many times over: one pass, one submission. Returns before the device has run it. */
  submit(repetitions = 1): void {
    if (repetitions > 1) return this.#device.gpu.queue.submit([this.#record(repetitions)]);
    this.#device.gpu.queue.submit([this.#prepared ?? this.#record()]);
    this.#prepared = undefined;
  }

  /** Encodes the next submission ahead: worth it where the host would otherwise wait for the device. */
  prepare(): void {
    this.#prepared ??= this.#record();
  }

  /**
   * Microseconds of one run: the mean of `repetitions` in one pass.
   *
   * As many more run before it and after it, because an H100 that idles for milliseconds, as while a result is read back, drops to a
   * fifth of its clock for hundreds of them.
   */
  async time(repetitions: number): Promise<number> {
    const { queue } = this.#device.gpu;
    queue.submit([this.#record(repetitions)]);
    if (!this.#device.timestamps) {
      await this.#device.settled();
      const start = performance.now();
      queue.submit([this.#record(repetitions)]);
      await this.#device.settled();
      return 1000 * (performance.now() - start) / repetitions;
    }
    const timer = new Timer(this.#device, 1);
    queue.submit([this.#record(repetitions, timer)]);
    const times = timer.read();
    queue.submit([this.#record(repetitions)]);
    const [microseconds = NaN] = await times;
    return microseconds / repetitions;
  }

  /**
   * Runs the plan once and times every dispatch: with the device's timestamps, or where it has none by the host's clock around a
   * submission of its own (which adds tens of µs each).
   */
  async profile(): Promise<DispatchTime[]> {
    const microseconds = this.#device.timestamps ? await this.#timeOnDevice() : await this.#timeOnHost();
    return this.#dispatches.map(({ label, flops, bytes }, index) => ({
      label,
      flops,
      bytes,
      microseconds: microseconds[index] ?? NaN,
    }));
  }

  #record(repetitions = 1, timer?: Timer): GPUCommandBuffer {
    const encoder = this.#device.gpu.createCommandEncoder();
    const pass = encoder.beginComputePass(timer?.pass(0));
    for (let run = 0; run < repetitions; run++) {
      this.#dispatches.forEach((_, index) => this.#encode(pass, index));
    }
    pass.end();
    timer?.resolve(encoder);
    return encoder.finish();
  }

  #encode(pass: GPUComputePassEncoder, index: number): void {
    const dispatch = this.#dispatches[index];
    const bindGroup = this.#bindGroups[index];
    if (!dispatch || !bindGroup) return;
    pass.setPipeline(dispatch.pipeline);
    pass.setBindGroup(0, bindGroup);
    pass.dispatchWorkgroups(...dispatch.workgroups);
  }

  async #timeOnDevice(): Promise<number[]> {
    const times: number[] = [];
    for (let first = 0; first < this.#dispatches.length; first += Timer.mostPasses) {
      const count = Math.min(Timer.mostPasses, this.#dispatches.length - first);
      const timer = new Timer(this.#device, count);
      const encoder = this.#device.gpu.createCommandEncoder();
      for (let index = 0; index < count; index++) {
        const pass = encoder.beginComputePass(timer.pass(index));
        this.#encode(pass, first + index);
        pass.end();
      }
      timer.resolve(encoder);
      this.#device.gpu.queue.submit([encoder.finish()]);
      times.push(...await timer.read());
    }
    return times;
  }

  async #timeOnHost(): Promise<number[]> {
    const { queue } = this.#device.gpu;
    const times: number[] = [];
    for (let index = 0; index < this.#dispatches.length; index++) {
      const encoder = this.#device.gpu.createCommandEncoder();
      const pass = encoder.beginComputePass();
      this.#encode(pass, index);
      pass.end();
      const commands = encoder.finish();
      await queue.onSubmittedWorkDone();
      const start = performance.now();
      queue.submit([commands]);
      await queue.onSubmittedWorkDone();
      times.push(1000 * (performance.now() - start));
    }
    return times;
  }
}
