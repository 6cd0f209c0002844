/**
 * Timing matrix products, and finding the fastest way to divide each.
 * @module
 */
import type { Device } from "../webgpu/device/device.ts";
import type { Element } from "../webgpu/ops/kernel.ts";
import { product } from "../webgpu/ops/product.ts";
import type { ProductOptions } from "../webgpu/ops/product_spec.ts";
import type { Dispatch } from "../webgpu/plan/dispatch.ts";
import { choicesFor, type ProductChoice, productKey, type Tuning } from "../webgpu/tuning.ts";
import type { StepProduct } from "./gpu_shapes.ts";
import { microsecondsOf, warmUp } from "./gpu_time.ts";
import { numbers } from "./random.ts";

/** A product's time; `choice` is absent where the device's own was taken. */
export interface ProductTime {
  readonly test: StepProduct;
  readonly choice?: ProductChoice;
  readonly microseconds: number;
  readonly teraflops: number;
  /** Operands and result, once each. */
  readonly gigabytesPerSecond: number;
}

/** Operands large enough for every product, filled with random numbers: zeros would run faster. */
export class Operands implements Disposable {
  readonly #a: GPUBuffer;
  readonly #b: GPUBuffer;
  readonly #c: GPUBuffer;

  constructor(readonly device: Device, products: readonly StepProduct[], readonly element: Element) {
    const size = element === "f32" ? 4 : 2;
    const largest = (elements: (test: StepProduct) => number) => Math.max(...products.map(elements));
    this.#a = this.#filled("A", size * largest(({ m, k }) => m * k));
    this.#b = this.#filled("B", size * largest(({ n, k }) => n * k));
    this.#c = device.buffer("C", 4 * largest(({ m, n }) => m * n));
  }

  #filled(name: string, bytes: number): GPUBuffer {
    const buffer = this.device.buffer(name, bytes);
    const random = numbers(2 ** 20, 1);
    const piece = new Uint8Array((this.element === "f32" ? random : Float16Array.from(random)).buffer);
    for (let offset = 0; offset < buffer.size; offset += piece.length) {
      this.device.write(buffer, piece.subarray(0, buffer.size - offset), offset);
    }
    return buffer;
  }

  /** A product over these operands. */
  options({ m, n, k, transposeA, transposeB, output, accumulate }: StepProduct): ProductOptions {
    const type = this.element;
    return {
      m,
      n,
      k,
      transposeA,
      transposeB,
      accumulate,
      a: { buffer: this.#a, type },
      b: { buffer: this.#b, type },
      c: { buffer: this.#c, type: type === "f32" ? "f32" : output },
    };
  }

  /** The product's key in a tuning. */
  key(test: StepProduct): string {
    const { m, n, k, transposeA, transposeB, a, b, c } = this.options(test);
    return productKey({ m, n, k, transposeA: transposeA === true, transposeB: transposeB === true, a, b, c });
  }

  [Symbol.dispose](): void {
    for (const buffer of [this.#a, this.#b, this.#c]) buffer.destroy();
  }
}

/** Times every product as the device would divide it. */
export function timeProducts(operands: Operands, products: readonly StepProduct[]): Promise<ProductTime[]> {
  return timeAll(operands, products.map((test) => ({ test })));
}

/**
 * Times the most promising choices for every product, in the order of the products, as far as the kernels can be compiled in so
 * many seconds.
 */
export function timeChoices(
  operands: Operands,
  products: readonly StepProduct[],
  choicesOfEach: number,
  seconds: number,
): Promise<ProductTime[]> {
  const kernel = operands.device.tier === "tensor" ? "tensor" : "vector";
  const wanted = products.flatMap((test) =>
    choicesFor(test, kernel).slice(0, choicesOfEach).map((choice) => ({ test, choice }))
  );
  return timeAll(operands, wanted, seconds);
}

/** Kernels that are compiled at once. */
const COMPILED_AT_ONCE = 16;

/** Compiles everything first: that takes seconds, uses all cores, and lets the device's clock fall. */
async function timeAll(
  operands: Operands,
  wanted: readonly { readonly test: StepProduct; readonly choice?: ProductChoice }[],
  seconds = Infinity,
): Promise<ProductTime[]> {
  const { device } = operands;
  const compiled: Dispatch[][] = [];
  const end = performance.now() + 1000 * seconds;
  for (let first = 0; first < wanted.length && performance.now() < end; first += COMPILED_AT_ONCE) {
    compiled.push(
      ...await Promise.all(
        wanted.slice(first, first + COMPILED_AT_ONCE).map(({ test, choice }) =>
          product(device, test.label, operands.options(test), choice)
        ),
      ),
    );
  }
  const times: ProductTime[] = [];
  for (const [index, dispatches] of compiled.entries()) {
    // One for each that was compiled.
    const { test, choice } = wanted[index] as typeof wanted[number];
    if (index === 0) await warmUp(device, dispatches);
    const microseconds = await microsecondsOf(device, dispatches);
    times.push({
      test,
      ...(choice ? { choice } : {}),
      microseconds,
      teraflops: 2 * test.m * test.n * test.k / microseconds / 1e6,
      gigabytesPerSecond: bytesOfProduct(operands.options(test)) / microseconds / 1e3,
    });
  }
  return times;
}

function bytesOfProduct({ m, n, k, a, b, c, accumulate }: ProductOptions): number {
  const size = { f32: 4, f16: 2 };
  return size[a.type] * m * k + size[b.type] * n * k + size[c.type] * m * n * (accumulate ? 2 : 1);
}

/** The fastest choice of every product, beside what was tuned before. */
export function tuningFrom(before: Tuning, operands: Operands, times: readonly ProductTime[]): Tuning {
  const products: Record<string, ProductChoice> = { ...before.products };
  for (const { test, choice } of times.toSorted((x, y) => y.microseconds - x.microseconds)) {
    if (choice) products[operands.key(test)] = choice;
  }
  return { ...before, products };
}
