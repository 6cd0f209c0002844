/** The kernels of one build over a small memory of their own, for tests that call them one by one. */
import assert from "node:assert/strict";
import type { Kernels } from "../../../kernels/wasm/kernels.ts";
import { compileKernels, instantiateKernels, type Variant } from "../../../kernels/wasm/module.ts";

export const VARIANTS: readonly Variant[] = ["relaxed", "simd"];

/** What a kernel may not touch holds this. */
const UNTOUCHED = 12345;

/** Kernels with arrays placed one after another, four floats apart. */
export class KernelMemory {
  #end = 65536;

  private constructor(readonly kernels: Kernels, private readonly memory: WebAssembly.Memory) {
    new Float32Array(memory.buffer, this.#end).fill(UNTOUCHED);
  }

  static async open(variant: Variant): Promise<KernelMemory> {
    const memory = new WebAssembly.Memory({ initial: 64, maximum: 65536, shared: true });
    return new KernelMemory(await instantiateKernels(await compileKernels(variant), memory), memory);
  }

  /** Forgets what was placed. */
  reset() {
    new Float32Array(this.memory.buffer, 65536, (this.#end - 65536) / 4).fill(UNTOUCHED);
    this.#end = 65536;
  }

  /** Places values, or room for so many; returns the address. */
  place(values: ArrayLike<number> | number): number {
    const count = typeof values === "number" ? values : values.length;
    const address = this.#end;
    this.#end += 16 * (Math.ceil(count / 4) + 1);
    assert.ok(this.#end <= this.memory.buffer.byteLength, "the test's memory is full");
    if (typeof values !== "number") this.read(address, count).set(values);
    return address;
  }

  placeIntegers(values: readonly number[]): number {
    const address = this.place(values.length);
    new Uint32Array(this.memory.buffer, address, values.length).set(values);
    return address;
  }

  read(address: number, count: number): Float32Array {
    return new Float32Array(this.memory.buffer, address, count);
  }

  readDouble(address: number): number {
    return new DataView(this.memory.buffer).getFloat64(address, true);
  }

  /** Checks that the floats behind an array of `count` are as they were. */
  assertUntouchedBehind(address: number, count: number) {
    assert.equal(this.read(address + 4 * count, 1)[0], UNTOUCHED);
  }
}

/** ‖a − b‖ ≤ tolerance · max(‖b‖, floor). */
export function assertNear(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  floor = 1e-3,
) {
  assert.equal(actual.length, expected.length);
  const differences = Array.from(actual, (value, i) => value - (expected[i] ?? NaN));
  const difference = Math.hypot(...differences);
  assert.ok(
    difference <= tolerance * Math.max(Math.hypot(...Array.from(expected)), floor),
    `off by ${difference}: ${Array.from(actual).slice(0, 8)} …, expected ${
      Array.from(expected).slice(0, 8)
    } …`,
  );
}

/** Derivatives of a scalar function by central differences in 64 bits. */
export function derivatives(
  f: (x: Float64Array) => number,
  at: ArrayLike<number>,
  step = 1e-5,
): Float64Array {
  const x = Float64Array.from(at);
  return x.map((value, i) => {
    x[i] = value + step;
    const above = f(x);
    x[i] = value - step;
    const below = f(x);
    x[i] = value;
    return (above - below) / (2 * step);
  });
}

/** Element of an array that the caller knows to be there. */
export function at(values: ArrayLike<number>, index: number): number {
  const value = values[index];
  if (value === undefined) throw new RangeError(`Index ${index} of ${values.length}.`);
  return value;
}

/** Numbers between −1 and 1 that look random: a test's input as a function of its seed. */
export function noise(seed: number, count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => {
    const x = Math.sin(12.9898 * (i + 1) + 78.233 * seed) * 43758.5453;
    return 2 * (x - Math.floor(x)) - 1;
  });
}
