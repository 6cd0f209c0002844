/**
 * A pass over rows as dispatches: embedding, layers, head. A few rows go through matrix-vector kernels with all that can be
 * fused into them, five or six dispatches a layer; many rows through the products that training uses.
 * @module
 */
import type { TransformerShape } from "../../wasm/shape.ts";
import type { Device } from "../device/device.ts";
import { type CacheBuffers, type CacheShape } from "../ops/decode/cache.ts";
import type { AttentionSize } from "../ops/decode/cached_attention.ts";
import { placeRows, vectorQueryKeyValue } from "../ops/decode/query_key_value.ts";
import { embedRows, type Preparation, prepareRows, putRows, unpackRows } from "../ops/decode/row_inputs.ts";
import { PIECE, piecesOf, type StoredMatrix } from "../ops/decode/stored_matrix.ts";
import { vectorProduct } from "../ops/decode/vector_product.ts";
import { bytesOf } from "../ops/kernel.ts";
import { product } from "../ops/product.ts";
import type { Matrix } from "../ops/product_spec.ts";
import { attentionDispatches } from "./decode_attention.ts";
import { areFew, type RowBuffers } from "./decode_buffers.ts";
import type { DecodeLayer, DecodeWeights } from "./decode_weights.ts";
import type { Dispatch } from "./dispatch.ts";
import { inOrder, type Pending } from "./transformer_forward.ts";

/** What the dispatches are made from. */
export interface DecodeContext {
  readonly device: Device;
  readonly shape: TransformerShape;
  readonly weights: DecodeWeights;
  readonly cacheShape: CacheShape;
  /** One for each layer. */
  readonly caches: readonly CacheBuffers[];
  /** As `rotaryTable`. */
  readonly angles: GPUBuffer;
  /** [slots × V] in f32. */
  readonly logits: GPUBuffer;
  /** Where 4-bit weights are unpacked for many rows, a block of `UNPACKED_BYTES` at a time. */
  readonly unpacked: GPUBuffer;
}

/** Bytes of 4-bit weights unpacked at a time. */
export const UNPACKED_BYTES = 16 * 2 ** 20;

/** The rows' tokens → x after the last layer, and their keys and values in the cache. */
export function layerDispatches(
  context: DecodeContext,
  buffers: RowBuffers,
  size: AttentionSize,
): Promise<Dispatch[]> {
  const { device, weights, cacheShape } = context;
  const { rows, x } = buffers;
  const pending: Pending[] = [
    embedRows(device, "embedding", weights.embedding, rows, { rows: buffers.state, x }),
  ];
  for (const [i, layer] of weights.layers.entries()) {
    // One cache a layer.
    const cache = context.caches[i] as CacheBuffers;
    const label = `layer ${i}`;
    const attention = attentionDispatches(device, label, cacheShape, size, {
      rows: buffers.state,
      queries: buffers.queries,
      output: buffers.attention,
      parts: buffers.parts,
      partSums: buffers.partSums,
      ...cache,
    });
    const place = {
      rows: buffers.state,
      angles: context.angles,
      headNorms: layer.headNorms,
      queries: buffers.queries,
      ...cache,
    };
    pending.push(
      areFew(rows)
        ? fewRows(
          context,
          label,
          layer,
          buffers,
          attention,
          (input) =>
            vectorQueryKeyValue(device, `${label} qkv`, cacheShape, layer.queryKeyValue, input, place),
        )
        : manyRows(
          context,
          label,
          layer,
          buffers,
          attention,
          (queryKeyValue) =>
            placeRows(device, `${label} place`, cacheShape, rows, { ...place, queryKeyValue }),
        ),
    );
  }
  return inOrder(pending);
}

/** A layer of a few rows. */
function fewRows(
  { device, shape, weights: { rounded } }: DecodeContext,
  label: string,
  layer: DecodeLayer,
  { rows, x, attention, gated }: RowBuffers,
  attend: readonly Pending[],
  queryKeyValue: (input: Parameters<typeof vectorQueryKeyValue>[4]) => Pending,
): Promise<Dispatch[]> {
  const normed = (weight: GPUBuffer) => ({ x, rows, rounded, norm: { weight, epsilon: shape.normEpsilon } });
  const plain = (buffer: GPUBuffer) => ({ x: buffer, rows, rounded, norm: null });
  return inOrder([
    queryKeyValue(normed(layer.attentionNorm)),
    ...attend,
    vectorProduct(device, `${label} output`, layer.output, plain(attention), { kind: "add", y: x }),
    vectorProduct(device, `${label} gate and up`, layer.gateUp, normed(layer.feedForwardNorm), {
      kind: "gate",
      y: gated,
    }),
    vectorProduct(device, `${label} down`, layer.down, plain(gated), { kind: "add", y: x }),
  ]);
}

/** A layer of many rows. */
function manyRows(
  context: DecodeContext,
  label: string,
  layer: DecodeLayer,
  buffers: RowBuffers,
  attend: readonly Pending[],
  place: (queryKeyValue: GPUBuffer) => Pending,
): Promise<Dispatch[]> {
  const { shape, weights: { rounded } } = context;
  const { rows, x, attention } = buffers;
  const { input, queryKeyValue, gateUp } = buffers.many;
  const { width, heads, headSize, feedForwardWidth } = shape;
  const element = context.cacheShape.element;
  const prepare = (name: string, columns: number, from: GPUBuffer, preparation: Preparation) =>
    prepareRows(context.device, `${label} ${name}`, { element, rows, columns, rounded }, preparation, {
      x: from,
      y: input,
    });
  const linear = (name: string, matrix: StoredMatrix, y: GPUBuffer, residual = false) =>
    manyProduct(context, `${label} ${name}`, matrix, { rows, input, y, residual });
  const norm = (weight: GPUBuffer): Preparation => ({
    kind: "norm",
    norm: { weight, epsilon: shape.normEpsilon },
  });
  return inOrder([
    prepare("attention norm", width, x, norm(layer.attentionNorm)),
    linear("qkv", layer.queryKeyValue, queryKeyValue),
    place(queryKeyValue),
    ...attend,
    prepare("attention input", heads * headSize, attention, { kind: "plain" }),
    linear("output", layer.output, x, true),
    prepare("feed-forward norm", width, x, norm(layer.feedForwardNorm)),
    linear("gate and up", layer.gateUp, gateUp),
    prepare("swiglu", feedForwardWidth, gateUp, { kind: "gate" }),
    linear("down", layer.down, x, true),
  ]);
}

/** y [rows × matrix rows] (+)= input · matrixᵀ, in pieces where the matrix has to be unpacked first. */
function manyProduct(
  { device, unpacked, cacheShape: { element } }: DecodeContext,
  label: string,
  matrix: StoredMatrix,
  { rows, input, y, residual }: {
    readonly rows: number;
    readonly input: GPUBuffer;
    readonly y: GPUBuffer;
    readonly residual: boolean;
  },
): Promise<Dispatch[]> {
  const { columns } = matrix;
  const stride = piecesOf(columns) * PIECE;
  const multiply = (first: number, count: number, b: Matrix) => {
    const c = { buffer: y, type: "f32", offset: first, stride: matrix.rows } as const;
    return product(device, label, {
      m: rows,
      n: count,
      k: columns,
      transposeB: true,
      a: { buffer: input, type: element },
      b,
      c,
      ...(residual && { residual: c }),
    });
  };
  if (matrix.format !== "4-bit") {
    return multiply(0, matrix.rows, { buffer: matrix.weights, type: element, stride });
  }
  // A multiple of 4 rows, so that every block of outputs starts at 16 bytes.
  const most = Math.floor(UNPACKED_BYTES / (columns * bytesOf(element)) / 4) * 4;
  const pending: Pending[] = [];
  for (let first = 0; first < matrix.rows; first += most) {
    const count = Math.min(most, matrix.rows - first);
    pending.push(
      unpackRows(device, `${label} unpacked`, matrix, { first, count }, element, unpacked),
      multiply(first, count, { buffer: unpacked, type: element, stride }),
    );
  }
  return inOrder(pending);
}

/** x of rows → logits of their slots. */
export function headDispatches(
  context: DecodeContext,
  { rows, state, x, room }: {
    readonly rows: number;
    /** The rows' slots. */
    readonly state: GPUBuffer;
    readonly x: GPUBuffer;
    /** For many rows: their input [rows × D] and their logits [rows × V]. */
    readonly room: { readonly input: GPUBuffer; readonly logits: GPUBuffer } | null;
  },
): Promise<Dispatch[]> {
  const { device, shape, weights, logits, cacheShape: { element } } = context;
  const { head, rounded } = weights;
  const norm = { weight: weights.finalNorm, epsilon: shape.normEpsilon };
  if (room === null) {
    return inOrder([
      vectorProduct(device, "head", head, { x, rows, rounded, norm }, {
        kind: "logits",
        y: logits,
        rows: state,
      }),
    ]);
  }
  return inOrder([
    prepareRows(device, "final norm", { element, rows, columns: shape.width, rounded }, {
      kind: "norm",
      norm,
    }, {
      x,
      y: room.input,
    }),
    manyProduct(context, "head", head, { rows, input: room.input, y: room.logits, residual: false }),
    putRows(device, "logits", rows, shape.vocabularySize, { rows: state, x: room.logits, y: logits }),
  ]);
}
