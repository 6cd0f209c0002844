/**
 * Causal attention of one head over one sequence, inside documents: query t sees keys starts[t]…t.
 *
 * S = scale·Q·Kᵀ, P = softmax(S), O = P·V, by blocks of 40 queries; keys right of a block are skipped, so about half
 * of the work. Only ℓ = log Σ e^S is kept of each row; the backward pass computes P = e^(S−ℓ) again.
 * Every pointer is that of the sequence's row 0; strides are in bytes.
 */
import { exponential, logarithm, maxLanes, multiplyAdd, sumLanes } from "./lanes";
import { packLeft, packLeftTransposed, packRight, packRightTransposed, panelDepth, RIGHT } from "./pack";
import { multiplyPanels } from "./product";

/** Queries that are multiplied at a time. */
const QUERY_BLOCK = 40;

/** First key that a block looks at: the first query's own first key, rounded down to a whole panel. */
@inline
function firstKey(starts: usize, query: i32): i32 {
  return load<i32>(starts + (<usize>query << 2)) & ~(RIGHT - 1);
}

/** −∞ for the scores of a row outside `from` … `to` (exclusive); a row is `width` scores long. */
function maskOutside(scores: usize, from: i32, to: i32, width: i32): void {
  for (let i = 0; i < from; i++) store<f32>(scores + (<usize>i << 2), -Infinity);
  for (let i = to; i < width; i++) store<f32>(scores + (<usize>i << 2), -Infinity);
}

/** Softmax of scale·scores in place over `bytes` (a multiple of 16); returns ℓ. */
function softmax(scores: usize, bytes: usize, scale: f32): f32 {
  let largest = f32x4.splat(-Infinity);
  for (let i: usize = 0; i < bytes; i += 16) largest = f32x4.pmax(largest, v128.load(scores + i));
  const top = maxLanes(largest) * scale;
  const shift = f32x4.splat(-top);
  const factor = f32x4.splat(scale);
  let sums = f32x4.splat(0);
  for (let i: usize = 0; i < bytes; i += 16) {
    const e = exponential(multiplyAdd(v128.load(scores + i), factor, shift));
    v128.store(scores + i, e);
    sums = f32x4.add(sums, e);
  }
  const sum = sumLanes(sums);
  const share = f32x4.splat(1 / sum);
  for (let i: usize = 0; i < bytes; i += 16) v128.store(scores + i, f32x4.mul(v128.load(scores + i), share));
  return top + <f32>logarithm(sum);
}

/**
 * O and ℓ of the queries `from` … `to` (exclusive).
 *
 * @param keyPanels, valuePanels scratch for right panels of length × headSize elements
 * @param left scratch for left panels of 40 × max(length, headSize) elements
 * @param scores scratch for 40 × length elements
 */
export function attentionForward(
  q: usize,
  k: usize,
  v: usize,
  stride: usize,
  starts: usize,
  output: usize,
  outputStride: usize,
  logSums: usize,
  headSize: i32,
  scale: f32,
  from: i32,
  to: i32,
  keyPanels: usize,
  valuePanels: usize,
  left: usize,
  scores: usize,
  edge: usize,
): void {
  const first = firstKey(starts, from);
  const keyStride = <usize>panelDepth(headSize) * (RIGHT * 4);
  const valueStride = <usize>panelDepth(to - first) * (RIGHT * 4);
  packRightTransposed(k + <usize>first * stride, stride, to - first, headSize, keyPanels);
  packRight(v + <usize>first * stride, stride, headSize, to - first, valuePanels);
  for (let block = from; block < to; block += QUERY_BLOCK) {
    const rows = min(to - block, QUERY_BLOCK);
    const begin = firstKey(starts, block);
    const keys = block + rows - begin;
    const width = (keys + 3) & ~3;
    const scoreStride = <usize>width << 2;
    const panel = keyPanels + <usize>((begin - first) / RIGHT) * keyStride;
    packLeft(q + <usize>block * stride, stride, rows, headSize, left);
    multiplyPanels(left, panel, keyStride, headSize, rows, keys, 0, 0, scores, scoreStride, edge);
    for (let row = 0; row < rows; row++) {
      const query = block + row;
      const at = scores + <usize>row * scoreStride;
      maskOutside(at, load<i32>(starts + (<usize>query << 2)) - begin, query + 1 - begin, width);
      store<f32>(logSums + (<usize>query << 2), softmax(at, scoreStride, scale));
    }
    packLeft(scores, scoreStride, rows, keys, left);
    const slice = valuePanels + <usize>(begin - first) * (RIGHT * 4);
    const outputs = output + <usize>block * outputStride;
    multiplyPanels(left, slice, valueStride, keys, rows, headSize, 0, 0, outputs, outputStride, edge);
  }
}

/** scores ← P = e^(scale·S−ℓ), gradients ← dS = scale·P∘(dP − δ), over one row of `bytes`. */
function softmaxBackward(scores: usize, gradients: usize, bytes: usize, scale: f32, logSum: f32, delta: f32): void {
  const factor = f32x4.splat(scale);
  const shift = f32x4.splat(-logSum);
  const offset = f32x4.splat(delta);
  for (let i: usize = 0; i < bytes; i += 16) {
    const p = exponential(multiplyAdd(v128.load(scores + i), factor, shift));
    const centred = f32x4.sub(v128.load(gradients + i), offset);
    v128.store(scores + i, p);
    v128.store(gradients + i, f32x4.mul(f32x4.mul(p, factor), centred));
  }
}

/** a·b over `bytes`. */
function dot(a: usize, b: usize, bytes: usize): f32 {
  let sums = f32x4.splat(0);
  for (let i: usize = 0; i < bytes; i += 16) sums = multiplyAdd(v128.load(a + i), v128.load(b + i), sums);
  return sumLanes(sums);
}

/**
 * Gradients of one key-value head and of the `group` query heads that share it, over one sequence of `length` rows:
 * dP = dO·Vᵀ, δ = dO·O, dS as above, dQ = dS·K, dK = Σ dSᵀ·Q, dV = Σ Pᵀ·dO (sums over the group, head by head).
 *
 * @param q, output, outputGradient, dq of the group's first head, the others beside it
 * @param logSums of the group's first head; `logSumStride` bytes to the next head's
 * @param keyPanels, valuePanels, keyRowPanels scratch for right panels of length × headSize elements each
 * @param left scratch for left panels of 40 × max(length, headSize) elements, either way round
 * @param right scratch for right panels of 40 × headSize elements
 * @param scores, scoreGradients scratch for 40 × length elements each
 */
export function attentionBackward(
  q: usize,
  k: usize,
  v: usize,
  stride: usize,
  starts: usize,
  output: usize,
  outputGradient: usize,
  outputStride: usize,
  logSums: usize,
  logSumStride: usize,
  dq: usize,
  dk: usize,
  dv: usize,
  length: i32,
  group: i32,
  headSize: i32,
  scale: f32,
  keyPanels: usize,
  valuePanels: usize,
  keyRowPanels: usize,
  left: usize,
  right: usize,
  scores: usize,
  scoreGradients: usize,
  edge: usize,
): void {
  const headBytes = <usize>headSize << 2;
  const panelStride = <usize>panelDepth(headSize) * (RIGHT * 4);
  const keyRowStride = <usize>panelDepth(length) * (RIGHT * 4);
  packRightTransposed(k, stride, length, headSize, keyPanels);
  packRightTransposed(v, stride, length, headSize, valuePanels);
  packRight(k, stride, headSize, length, keyRowPanels);
  for (let row = 0; row < length; row++) {
    memory.fill(dk + <usize>row * stride, 0, headBytes);
    memory.fill(dv + <usize>row * stride, 0, headBytes);
  }
  for (let head = 0; head < group; head++) {
    for (let block = 0; block < length; block += QUERY_BLOCK) {
      const rows = min(length - block, QUERY_BLOCK);
      const begin = firstKey(starts, block);
      const keys = block + rows - begin;
      const width = (keys + 3) & ~3;
      const scoreStride = <usize>width << 2;
      const panels = <usize>(begin / RIGHT) * panelStride;
      const queries = q + <usize>block * stride;
      const outputs = output + <usize>block * outputStride;
      const upstream = outputGradient + <usize>block * outputStride;

      packLeft(queries, stride, rows, headSize, left);
      multiplyPanels(left, keyPanels + panels, panelStride, headSize, rows, keys, 0, 0, scores, scoreStride, edge);
      packLeft(upstream, outputStride, rows, headSize, left);
      multiplyPanels(left, valuePanels + panels, panelStride, headSize, rows, keys, 0, 0, scoreGradients, scoreStride, edge);
      for (let row = 0; row < rows; row++) {
        const query = block + row;
        const at = <usize>row * scoreStride;
        const beside = <usize>row * outputStride;
        maskOutside(scores + at, load<i32>(starts + (<usize>query << 2)) - begin, query + 1 - begin, width);
        const delta = dot(upstream + beside, outputs + beside, headBytes);
        const logSum = load<f32>(logSums + (<usize>query << 2));
        softmaxBackward(scores + at, scoreGradients + at, scoreStride, scale, logSum, delta);
      }

      packLeft(scoreGradients, scoreStride, rows, keys, left);
      const keyRows = keyRowPanels + <usize>begin * (RIGHT * 4);
      multiplyPanels(left, keyRows, keyRowStride, keys, rows, headSize, 0, 0, dq + <usize>block * stride, stride, edge);

      const blockStride = <usize>panelDepth(rows) * (RIGHT * 4);
      const dkRows = dk + <usize>begin * stride;
      packLeftTransposed(scoreGradients, scoreStride, keys, rows, left);
      packRight(queries, stride, headSize, rows, right);
      multiplyPanels(left, right, blockStride, rows, keys, headSize, dkRows, stride, dkRows, stride, edge);
      const dvRows = dv + <usize>begin * stride;
      packLeftTransposed(scores, scoreStride, keys, rows, left);
      packRight(upstream, outputStride, headSize, rows, right);
      multiplyPanels(left, right, blockStride, rows, keys, headSize, dvRows, stride, dvRows, stride, edge);
    }
    q += headBytes;
    dq += headBytes;
    output += headBytes;
    outputGradient += headBytes;
    logSums += logSumStride;
  }
}
