/**
 * A product as its kernels see it: checked sizes and row-major views, without buffers, so that a kernel's text is a pure function.
 * @module
 */
import { KernelError } from "../device/errors.ts";
import { bytesOf, type Element } from "./kernel.ts";

/** A row-major view into a buffer. */
export interface Matrix {
  readonly buffer: GPUBuffer;
  readonly type: "f32" | "f16";
  /** Elements before the first one; default 0. */
  readonly offset?: number;
  /** Elements from one row to the next; default: the row's length. */
  readonly stride?: number;
}

/** What a product computes. Stored shapes: A is m × k (k × m transposed), B k × n (n × k transposed), C and residual m × n. */
export interface ProductOptions {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  readonly a: Matrix;
  readonly b: Matrix;
  readonly c: Matrix;
  /** C += instead of C =. */
  readonly accumulate?: boolean;
  /** Added to the product. C's own view, or one that does not overlap with it. */
  readonly residual?: Matrix;
  /** Multiplies the product, not what is added to it. Default 1. */
  readonly scale?: number;
}

/** A view of one binding. */
export interface Operand {
  readonly type: Element;
  readonly rows: number;
  readonly columns: number;
  /** Elements from one row to the next. */
  readonly stride: number;
  /** Elements from the binding's start to the first one: below 256 bytes. */
  readonly offset: number;
  /** "read_write" where C lies in the same buffer: WebGPU forbids one buffer to be both kinds in a dispatch. */
  readonly access: "read" | "read_write";
}

/** What the kernels compute: C = scale · op(A) · op(B) [+ C] [+ residual], over `split` ranges of k. */
export interface ProductSpec {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly a: Operand;
  readonly b: Operand;
  readonly c: Operand;
  readonly accumulate: boolean;
  readonly residual: Operand | null;
  readonly scale: number;
}

/** The memory behind a spec's operands. */
export interface ProductBuffers {
  readonly a: GPUBufferBinding;
  readonly b: GPUBufferBinding;
  readonly c: GPUBufferBinding;
  readonly residual: GPUBufferBinding | null;
}

/** Operations of a product, and the bytes that it must move. */
export function workOf(
  { m, n, k, a, b, c, accumulate, residual }: ProductSpec,
): { flops: number; bytes: number } {
  const moved = [a, b, c, ...(accumulate ? [c] : []), ...(residual ? [residual] : [])];
  const bytes = moved.reduce((sum, { rows, columns, type }) => sum + rows * columns * bytesOf(type), 0);
  return { flops: 2 * m * n * k, bytes };
}

/** Bindings start at multiples of this (WebGPU's default minStorageBufferOffsetAlignment), so that equal layers share a kernel. */
const bindingAlignment = 256;

/**
 * Checks a product and binds its buffers.
 *
 * @throws {KernelError} naming the size or the view that cannot be.
 */
export function bindProduct(
  label: string,
  options: ProductOptions,
): { spec: ProductSpec; buffers: ProductBuffers } {
  const { m, n, k, transposeA = false, transposeB = false, a, b, c, accumulate = false, scale = 1 } = options;
  for (const [name, size] of Object.entries({ m, n, k })) {
    if (!Number.isSafeInteger(size) || size < 1) {
      throw new KernelError(`Product ${label}: ${name} is ${size}, expected a positive whole number.`);
    }
  }
  const inPlace = options.residual !== undefined && sameView(options.residual, c, n);
  const residual = inPlace ? undefined : options.residual;
  const view = (name: string, matrix: Matrix, rows: number, columns: number) =>
    bind(
      `Product ${label}: ${name}`,
      matrix,
      rows,
      columns,
      matrix.buffer === c.buffer ? "read_write" : "read",
    );
  const boundA = transposeA ? view("A", a, k, m) : view("A", a, m, k);
  const boundB = transposeB ? view("B", b, n, k) : view("B", b, k, n);
  const boundC = view("C", c, m, n);
  const boundResidual = residual ? view("residual", residual, m, n) : null;
  return {
    spec: {
      m,
      n,
      k,
      transposeA,
      transposeB,
      a: boundA.operand,
      b: boundB.operand,
      c: boundC.operand,
      accumulate: accumulate || inPlace,
      residual: boundResidual?.operand ?? null,
      scale,
    },
    buffers: {
      a: boundA.binding,
      b: boundB.binding,
      c: boundC.binding,
      residual: boundResidual?.binding ?? null,
    },
  };
}

function sameView(x: Matrix, y: Matrix, columns: number): boolean {
  return x.buffer === y.buffer && (x.offset ?? 0) === (y.offset ?? 0) &&
    (x.stride ?? columns) === (y.stride ?? columns);
}

/** Binds only the memory from the first to the last element of a view: larger buffers than one binding may span can hold it. */
export function bind(
  name: string,
  { buffer, type, offset = 0, stride }: Matrix,
  rows: number,
  columns: number,
  access: "read" | "read_write",
): { operand: Operand; binding: GPUBufferBinding } {
  const size = bytesOf(type);
  const rowStride = stride ?? columns;
  const first = offset * size;
  const end = first + ((rows - 1) * rowStride + columns) * size;
  if (rowStride < columns || offset < 0 || end > buffer.size) {
    throw new KernelError(
      `${name} is ${rows} × ${columns} with row stride ${rowStride} from element ${offset}, ` +
        `which ends at byte ${end} of a buffer of ${buffer.size}.`,
    );
  }
  const start = first - first % bindingAlignment;
  return {
    operand: { type, rows, columns, stride: rowStride, offset: (first - start) / size, access },
    // A binding's length is a multiple of 4 bytes.
    binding: { buffer, offset: start, size: Math.min(buffer.size - start, Math.ceil((end - start) / 4) * 4) },
  };
}

/** Whether every row can be read in pieces of so many elements. */
export function alignedTo(operand: Operand, elements: number): boolean {
  return operand.columns % elements === 0 && operand.stride % elements === 0 &&
    operand.offset % elements === 0;
}
