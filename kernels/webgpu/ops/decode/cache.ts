/**
 * The cache of keys and values, and the way of a head of q, k or v into it: rotary position (Su et al., 2021), norm.
 * @module
 */
import type { Device } from "../../device/device.ts";
import { type Binding, bytesOf, type Element } from "../kernel.ts";
import { NO_SLOT } from "./rows.ts";
import { PIECE, piecesOf } from "./stored_matrix.ts";

/** A model's heads, and room for their keys and values. */
export interface CacheShape {
  readonly element: Element;
  readonly slots: number;
  /** Positions of a slot. */
  readonly capacity: number;
  /** H. */
  readonly heads: number;
  /** K, a divisor of H. */
  readonly keyValueHeads: number;
  /** d, a multiple of 4. */
  readonly headSize: number;
  readonly queryKeyNorm: "none" | "after rope" | "before rope, weighted";
  readonly normEpsilon: number;
}

/** A layer's cache: [slots × K × capacity × d], d rounded up to whole pieces of eight. */
export interface CacheBuffers {
  readonly keys: GPUBuffer;
  readonly values: GPUBuffer;
}

/** Bytes of all keys, or all values, of a layer. */
export function cacheBytes({ element, slots, capacity, keyValueHeads, headSize }: CacheShape): number {
  return slots * keyValueHeads * capacity * piecesOf(headSize) * PIECE * bytesOf(element);
}

/** A layer's cache. */
export function makeCache(device: Device, label: string, shape: CacheShape): CacheBuffers {
  const make = (name: string) => device.buffer(`${label} ${name}`, cacheBytes(shape));
  return { keys: make("keys"), values: make("values") };
}

/** Where heads go. */
export interface PlaceBuffers extends CacheBuffers {
  readonly rows: GPUBuffer;
  /** As `rotaryTable`. */
  readonly angles: GPUBuffer;
  /** Weights of the norms of q and of k [2 × d] in f32; null where those have none. */
  readonly headNorms: GPUBuffer | null;
  /** [rows × H·d] in f32. */
  readonly queries: GPUBuffer;
}

/** Bindings of `placeFunction`. */
export function placeBindings(shape: CacheShape, buffers: PlaceBuffers): Binding[] {
  const pair = shape.element === "f32" ? "vec2f" : "u32";
  return [
    { name: "rows", type: "vec4u", access: "read", buffer: buffers.rows },
    { name: "angles", type: "vec2f", access: "read", buffer: buffers.angles },
    { name: "queries", type: "vec2f", access: "read_write", buffer: buffers.queries },
    { name: "keys", type: pair, access: "read_write", buffer: buffers.keys },
    { name: "values", type: pair, access: "read_write", buffer: buffers.values },
    ...(buffers.headNorms
      ? [{ name: "headNorms", type: "vec2f", access: "read", buffer: buffers.headNorms } as const]
      : []),
  ];
}

/**
 * WGSL of `place(r, head, pair, first)`: pair `pair` of head `head` (H of q, K of k, K of v) of row r goes to the queries or the
 * cache. The head's d numbers are in workgroup memory, in `heads` from `first` on. The norm's factor is taken before the
 * rotation, which does not change it.
 */
export function placeFunction(shape: CacheShape): string {
  const { element, capacity, heads, keyValueHeads, headSize, queryKeyNorm, normEpsilon } = shape;
  const pairs = headSize / 2;
  const stored = piecesOf(headSize) * PIECE / 2;
  const store = element === "f32" ? "z" : "pack2x16float(z)";
  const norm = queryKeyNorm === "none" ? "" : `
    var squares = 0f;
    for (var i = 0u; i < ${headSize}; i++) { squares += heads[first + i] * heads[first + i]; }
    z *= inverseSqrt(squares * f32(${1 / headSize}) + f32(${normEpsilon}));
    ${
    queryKeyNorm === "before rope, weighted"
      ? `z *= headNorms[select(0u, ${pairs}u, head >= ${heads}) + pair];`
      : ""
  }`;
  return `
fn place(r: u32, head: u32, pair: u32, first: u32) {
  let row = rows[r];
  if (row.y == ${NO_SLOT}u) { return; }
  var z = vec2f(heads[first + 2 * pair], heads[first + 2 * pair + 1]);
  if (head >= ${heads + keyValueHeads}) {
    let at = (row.y * ${keyValueHeads} + head - ${heads + keyValueHeads}) * ${capacity} + row.z;
    values[at * ${stored} + pair] = ${store};
    return;
  }
  ${norm}
  let angle = angles[row.z * ${pairs} + pair];
  z = vec2f(z.x * angle.x - z.y * angle.y, z.x * angle.y + z.y * angle.x);
  if (head < ${heads}) {
    queries[(r * ${heads} + head) * ${pairs} + pair] = z;
  } else {
    let at = (row.y * ${keyValueHeads} + head - ${heads}) * ${capacity} + row.z;
    keys[at * ${stored} + pair] = ${store};
  }
}`;
}
