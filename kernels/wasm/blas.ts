/**
 * A system BLAS over the shared memory, where there is one: OpenBLAS, or Apple's Accelerate. It uses vectors twice or
 * four times as wide as WebAssembly's.
 * @module
 */

/** Where a BLAS with the C interface is looked for, by operating system. */
const LIBRARIES: Readonly<Record<string, readonly string[]>> = {
  linux: ["libopenblas.so.0", "libopenblas.so"],
  darwin: [
    "/System/Library/Frameworks/Accelerate.framework/Accelerate",
    "/opt/homebrew/opt/openblas/lib/libopenblas.dylib",
  ],
  windows: ["libopenblas.dll"],
};

/** Symbols; addresses are plain numbers, so that a call makes no pointer objects. */
const SYMBOLS = {
  cblas_sgemm: {
    parameters: [
      "i32",
      "i32",
      "i32",
      "i32",
      "i32",
      "i32",
      "f32",
      "usize",
      "i32",
      "usize",
      "i32",
      "f32",
      "usize",
      "i32",
    ],
    result: "void",
  },
  openblas_set_num_threads: { parameters: ["i32"], result: "void", optional: true },
} as const;

const ROW_MAJOR = 101;
const PLAIN = 111;
const TRANSPOSED = 112;

/** A row-major matrix in the shared memory: byte address, and elements from one row to the next. */
export interface BlasMatrix {
  readonly at: number;
  readonly stride: number;
  /** Whether the product reads its transpose. */
  readonly transposed?: boolean;
}

/** C [rows × columns] = A·B + beta·C, over a depth. */
export type Multiply = (
  rows: number,
  columns: number,
  depth: number,
  a: BlasMatrix,
  b: BlasMatrix,
  beta: 0 | 1,
  c: BlasMatrix,
) => void;

function open(path: string) {
  return Deno.dlopen(path, SYMBOLS);
}

/** Path of the first BLAS that loads; undefined where there is none, or no permission for foreign functions. */
export function findBlas(): string | undefined {
  if (Deno.permissions.querySync({ name: "ffi" }).state !== "granted") return undefined;
  return LIBRARIES[Deno.build.os]?.find((path) => {
    try {
      open(path).close();
      return true;
    } catch (error) {
      if (error instanceof Error) return false;
      throw error;
    }
  });
}

/** Products by the library at `path`, each on the calling thread alone. */
export function blasMultiply(path: string, memory: WebAssembly.Memory): Multiply {
  const { symbols } = open(path);
  symbols.openblas_set_num_threads?.(1);
  const start = Number(Deno.UnsafePointer.value(Deno.UnsafePointer.of(new Uint8Array(memory.buffer))));
  return (rows, columns, depth, a, b, beta, c) =>
    symbols.cblas_sgemm(
      ROW_MAJOR,
      a.transposed ? TRANSPOSED : PLAIN,
      b.transposed ? TRANSPOSED : PLAIN,
      rows,
      columns,
      depth,
      1,
      BigInt(start + a.at),
      a.stride,
      BigInt(start + b.at),
      b.stride,
      beta,
      BigInt(start + c.at),
      c.stride,
    );
}
