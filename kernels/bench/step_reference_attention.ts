/**
 * Attention in 64 bits on the host: rotary positions, the norm of queries and keys, and the causal mixture within documents.
 * @module
 */
import type { TransformerShape } from "../wasm/shape.ts";
import { add, dot, get, softmax } from "./float64.ts";

/** Sequences of `length` rows each; by row, the position within its sequence at which its document begins. */
export interface AttentionBatch {
  readonly length: number;
  readonly starts: Uint32Array;
}

/** A head of a position within `states` [rows × (H + 2K)·d]. */
function headOf(
  { heads, keyValueHeads, headSize }: TransformerShape,
  values: Float64Array,
  row: number,
  head: number,
) {
  const at = (row * (heads + 2 * keyValueHeads) + head) * headSize;
  return values.subarray(at, at + headSize);
}

/** Turns adjacent pairs by position·θ^(−2i/d); `sign` −1 turns them back. */
function turned({ headSize, ropeTheta }: TransformerShape, x: Float64Array, position: number, sign: number) {
  return x.map((value, i) => {
    const angle = sign * position * ropeTheta ** (-(i - i % 2) / headSize);
    const other = get(x, i ^ 1);
    return value * Math.cos(angle) + (i % 2 === 0 ? -other : other) * Math.sin(angle);
  });
}

/** A head's entries as attention reads them, and what they were multiplied by after turning. */
function prepared(shape: TransformerShape, states: Float64Array, row: number, head: number, length: number) {
  const { heads, keyValueHeads, headSize, normEpsilon, queryKeyNorm } = shape;
  const raw = headOf(shape, states, row, head);
  if (head >= heads + keyValueHeads) return { y: raw, factor: 1 };
  const z = turned(shape, raw, row % length, 1);
  const factor = queryKeyNorm === "after rope" ? 1 / Math.sqrt(dot(z, z) / headSize + normEpsilon) : 1;
  return { y: z.map((value) => value * factor), factor };
}

/** All heads of all positions as attention reads them. */
function preparedStates(shape: TransformerShape, { length }: AttentionBatch, states: Float64Array) {
  const all = shape.heads + 2 * shape.keyValueHeads;
  const ready = new Float64Array(states.length);
  for (let row = 0; row < states.length / all / shape.headSize; row++) {
    for (let head = 0; head < all; head++) {
      headOf(shape, ready, row, head).set(prepared(shape, states, row, head, length).y);
    }
  }
  return ready;
}

/** For every position and query head: its first row, its chances over the rows from there, and its key head. */
function* mixtures(shape: TransformerShape, { starts, length }: AttentionBatch, ready: Float64Array) {
  const { heads, keyValueHeads, headSize } = shape;
  for (const [row, start] of starts.entries()) {
    const first = row - row % length + start;
    for (let head = 0; head < heads; head++) {
      const key = heads + Math.floor(head * keyValueHeads / heads);
      const query = headOf(shape, ready, row, head);
      const scores = Float64Array.from(
        { length: row - first + 1 },
        (_, i) => dot(query, headOf(shape, ready, first + i, key)) / Math.sqrt(headSize),
      );
      yield { row, head, key, first, chances: softmax(scores, 1) };
    }
  }
}

/** Projected queries, keys and values → mixed values [rows × H·d]. */
export function attentionForward(
  shape: TransformerShape,
  batch: AttentionBatch,
  states: Float64Array,
): Float64Array {
  const { heads, keyValueHeads, headSize } = shape;
  const ready = preparedStates(shape, batch, states);
  const mixed = new Float64Array(batch.starts.length * heads * headSize);
  for (const { row, head, key, first, chances } of mixtures(shape, batch, ready)) {
    chances.forEach((chance, i) =>
      addTo(
        mixed,
        (row * heads + head) * headSize,
        chance,
        headOf(shape, ready, first + i, key + keyValueHeads),
      )
    );
  }
  return mixed;
}

/** The gradient of the mixed values → that of the projected queries, keys and values. */
export function attentionBackward(
  shape: TransformerShape,
  batch: AttentionBatch,
  states: Float64Array,
  slopes: Float64Array,
): Float64Array {
  const { heads, keyValueHeads, headSize } = shape;
  const all = heads + 2 * keyValueHeads;
  const ready = preparedStates(shape, batch, states);
  const dReady = new Float64Array(states.length);
  const place = (row: number, head: number) => (row * all + head) * headSize;
  for (const { row, head, key, first, chances } of mixtures(shape, batch, ready)) {
    const slope = slopes.subarray((row * heads + head) * headSize, (row * heads + head + 1) * headSize);
    const pulls = chances.map((_, i) => dot(slope, headOf(shape, ready, first + i, key + keyValueHeads)));
    const pull = dot(chances, pulls);
    chances.forEach((chance, i) => {
      const ds = chance * (get(pulls, i) - pull) / Math.sqrt(headSize);
      addTo(dReady, place(row, head), ds, headOf(shape, ready, first + i, key));
      addTo(dReady, place(first + i, key), ds, headOf(shape, ready, row, head));
      addTo(dReady, place(first + i, key + keyValueHeads), chance, slope);
    });
  }
  for (let row = 0; row < batch.starts.length; row++) {
    for (let head = 0; head < heads + keyValueHeads; head++) {
      const { y, factor } = prepared(shape, states, row, head, batch.length);
      const dy = headOf(shape, dReady, row, head);
      const pull = shape.queryKeyNorm === "after rope" ? dot(dy, y) / headSize : 0;
      dy.set(
        turned(shape, dy.map((value, i) => factor * (value - get(y, i) * pull)), row % batch.length, -1),
      );
    }
  }
  return dReady;
}

function addTo(target: Float64Array, at: number, factor: number, source: Float64Array): void {
  source.forEach((value, i) => add(target, at + i, factor * value));
}
