/** What the kernel tests share: a device of each tier, random inputs, poisoned outputs, and the error measure. */
import assert from "node:assert/strict";
import type { Device } from "../../../kernels/webgpu/device/device.ts";
import { openDevice } from "../../../kernels/webgpu/device/open.ts";
import { bytesOf, type Element } from "../../../kernels/webgpu/ops/kernel.ts";
import type { Dispatch } from "../../../kernels/webgpu/plan/dispatch.ts";
import { Plan } from "../../../kernels/webgpu/plan/plan.ts";
import { Random } from "../../../lib/core/random.ts";

/** Relative error (2-norm) that a kernel may have: of f32 arithmetic, of f16 storage. */
export const TOLERANCE: Readonly<Record<Element, number>> = { f32: 1e-5, f16: 5e-3 };

/** Buffers on one device, filled and read as f32 whatever they store. */
export class Bench implements Disposable {
  #seed = 0;

  constructor(readonly device: Device, readonly element: Element) {}

  static async open(element: Element): Promise<Bench> {
    return new Bench(await openDevice({ provider: "deno", tier: element }), element);
  }

  /** Normally distributed values, as the storage rounds them. */
  random(count: number, scale = 1): Float32Array {
    const random = Random.of(this.#seed++, "kernels");
    return this.rounded(Float32Array.from({ length: count }, (_, i) => scale * random.normal(i)));
  }

  rounded(values: Float32Array, element = this.element): Float32Array {
    return element === "f32" ? values : Float32Array.from(Float16Array.from(values));
  }

  /** A buffer of values, by default in the bench's own element type. */
  buffer(values: Float32Array | Uint32Array, element = this.element): GPUBuffer {
    const stored = values instanceof Uint32Array || element === "f32" ? values : Float16Array.from(values);
    const buffer = this.device.buffer("input", stored.byteLength);
    this.device.write(buffer, stored);
    return buffer;
  }

  /** A buffer full of NaN, which only a complete write removes. */
  poisoned(count: number, element = this.element): GPUBuffer {
    return this.buffer(new Float32Array(count).fill(NaN), element);
  }

  run(...dispatches: readonly Dispatch[]): void {
    new Plan(this.device, dispatches).submit();
  }

  async read(buffer: GPUBuffer, count: number, element = this.element): Promise<Float32Array> {
    const bytes = await this.device.read(buffer, 0, count * bytesOf(element));
    return element === "f32" ? new Float32Array(bytes) : Float32Array.from(new Float16Array(bytes));
  }

  /** Fails unless the buffer holds `expected` within the element type's tolerance. */
  async assertHolds(
    buffer: GPUBuffer,
    expected: Float32Array,
    name: string,
    element = this.element,
    tolerance = TOLERANCE[this.element],
  ): Promise<void> {
    assertClose(await this.read(buffer, expected.length, element), expected, name, tolerance);
  }

  [Symbol.dispose](): void {
    this.device[Symbol.dispose]();
  }
}

/** Fails unless ‖actual − expected‖ < tolerance · ‖expected‖. */
export function assertClose(actual: Float32Array, expected: Float32Array, name: string, tolerance: number) {
  assert.equal(actual.length, expected.length);
  let [difference, norm] = [0, 0];
  actual.forEach((value, i) => {
    difference += (value - (expected[i] ?? NaN)) ** 2;
    norm += (expected[i] ?? NaN) ** 2;
  });
  const error = Math.sqrt(difference / norm);
  assert.ok(error < tolerance, `${name} is off by ${error}`);
}
