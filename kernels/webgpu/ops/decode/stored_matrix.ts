/**
 * Weights as generation's kernels read them: f32, f16, or 4 bits with a scale for each group of columns.
 *
 * A row is read in pieces of eight columns, 32, 16 or 4 bytes, whatever the format; a row that ends within a piece is
 * padded with zeros. Halves are unpacked by `unpack2x16float`, which needs no feature of the device.
 * @module
 */
import type { Device } from "../../device/device.ts";
import { KernelError } from "../../device/errors.ts";
import { type Binding, bytesOf, type Element } from "../kernel.ts";

/** Columns of a piece. */
export const PIECE = 8;

/** A matrix's rows in 4 bits, each group of adjacent columns with a scale: w = (q − 8)·scale. */
export interface PackedRows {
  readonly rows: number;
  /** Columns that share a scale. */
  readonly group: number;
  /** Two entries a byte, the even column in the low half [rows × columns / 2]. */
  readonly packed: Uint8Array;
  /** [rows × columns / group], each a half-precision number. */
  readonly scales: Float32Array;
}

/** A matrix [rows × columns] on the device. */
export interface StoredMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly format: Element | "4-bit";
  /** Rows of whole pieces. */
  readonly weights: GPUBuffer;
  /** Of 4-bit weights: halves, two a word. */
  readonly scales: GPUBuffer | null;
  /** Columns that share a scale; 0 without scales. */
  readonly group: number;
}

/** Pieces of a row. */
export function piecesOf(columns: number): number {
  return Math.ceil(columns / PIECE);
}

/** Bytes that a matrix takes on the device. */
export function storedBytes({ weights, scales }: StoredMatrix): number {
  return weights.size + (scales?.size ?? 0);
}

/** Stores f32 weights [rows × columns] as f32 or f16. */
export function storeValues(
  device: Device,
  label: string,
  values: Float32Array,
  columns: number,
  format: Element,
): StoredMatrix {
  const rows = values.length / columns;
  const weights = device.buffer(label, rows * piecesOf(columns) * PIECE * bytesOf(format));
  const matrix: StoredMatrix = { rows, columns, format, weights, scales: null, group: 0 };
  writeValues(device, matrix, values);
  return matrix;
}

/** Writes f32 weights [rows × columns] over those of a matrix that `storeValues` made. */
export function writeValues(device: Device, matrix: StoredMatrix, values: Float32Array): void {
  const { rows, columns, format, weights } = matrix;
  const stride = piecesOf(columns) * PIECE;
  let padded = values;
  if (stride !== columns) {
    padded = new Float32Array(rows * stride);
    for (let row = 0; row < rows; row++) {
      padded.set(values.subarray(row * columns, (row + 1) * columns), row * stride);
    }
  }
  device.write(weights, format === "f32" ? padded : new Float16Array(padded));
}

/**
 * Stores 4-bit matrices below one another.
 *
 * @throws {KernelError} where groups differ, or are no whole pieces.
 */
export function storePacked(
  device: Device,
  label: string,
  parts: readonly PackedRows[],
  columns: number,
): StoredMatrix {
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const group = parts[0]?.group ?? 0;
  if (parts.some((part) => part.group !== group) || group % PIECE !== 0 || columns % group !== 0) {
    throw new KernelError(
      `${label}: groups of ${
        parts.map((part) => part.group).join(", ")
      } of ${columns} columns, expected one size ` +
        `that divides them, a multiple of ${PIECE}.`,
    );
  }
  const packed = new Uint8Array(rows * columns / 2);
  const halves = new Float16Array(rows * columns / group);
  let row = 0;
  for (const part of parts) {
    packed.set(part.packed, row * columns / 2);
    halves.set(part.scales, row * columns / group);
    row += part.rows;
  }
  const weights = device.buffer(label, packed.byteLength);
  const scales = device.buffer(`${label} scales`, halves.byteLength);
  device.write(weights, packed);
  device.write(scales, halves);
  return { rows, columns, format: "4-bit", weights, scales, group };
}

/** Bindings of a matrix that `matrixReader` of the same name reads. */
export function matrixBindings(name: string, { format, weights, scales }: StoredMatrix): Binding[] {
  const type = format === "f32" ? "vec4f" : format === "f16" ? "vec4u" : "u32";
  return [
    { name, type, access: "read", buffer: weights },
    ...(scales ? [{ name: `${name}Scales`, type: "u32", access: "read", buffer: scales } as const] : []),
  ];
}

/** WGSL of `NAME8(row, piece) -> mat2x4f`: eight columns of a row. */
export function matrixReader(name: string, { format, columns, group }: StoredMatrix): string {
  const at = `row * ${piecesOf(columns)}u + piece`;
  if (format !== "4-bit") return `fn ${name}8(row: u32, piece: u32) -> mat2x4f { ${read(name, format, at)} }`;
  return `
fn ${name}8(row: u32, piece: u32) -> mat2x4f {
  let word = ${name}[${at}];
  let i = row * ${columns / group}u + piece / ${group / PIECE}u;
  let scale = unpack2x16float(${name}Scales[i / 2])[i % 2];
  let low = vec4f((vec4u(word) >> vec4u(0, 4, 8, 12)) & vec4u(15)) - 8;
  let high = vec4f((vec4u(word) >> vec4u(16, 20, 24, 28)) & vec4u(15)) - 8;
  return mat2x4f(low * scale, high * scale);
}`;
}

/** WGSL of `NAME8(i) -> mat2x4f`: the i-th piece of an array of numbers bound as `pieceType`. */
export function pieceReader(name: string, format: Element): string {
  return `fn ${name}8(i: u32) -> mat2x4f { ${read(name, format, "i")} }`;
}

/** WGSL element type of an array that `pieceReader` reads. */
export function pieceType(format: Element): string {
  return format === "f32" ? "vec4f" : "vec4u";
}

function read(name: string, format: Element, at: string): string {
  return format === "f32"
    ? `let at = ${at}; return mat2x4f(${name}[2 * at], ${name}[2 * at + 1]);`
    : `let eight = ${name}[${at}];
  return mat2x4f(
    vec4f(unpack2x16float(eight.x), unpack2x16float(eight.y)),
    vec4f(unpack2x16float(eight.z), unpack2x16float(eight.w)),
  );`;
}
