/**
 * Attention of one new position over cached keys and values, by blocks of positions that are combined afterwards
 * ("Flash-Decoding", Dao et al., 2023): blocks begin at fixed positions, so a result depends neither on who computes
 * them nor on how many positions were read at once.
 *
 * Of every block and query head there remains a part: m = max s, ℓ = Σ e^(s−m), two unused, o = Σ e^(s−m)·v [headSize].
 */
import { exponential, maxLanes, multiplyAdd, sumLanes } from "./lanes";

/** Sums of the lanes of four vectors, in the lanes of one. */
@inline
function sumEach(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
}

/** q·k of four neighbouring keys of `bytes` each. */
@inline
function fourScores(q: usize, keys: usize, bytes: usize): v128 {
  let a = f32x4.splat(0), b = a, c = a, d = a;
  let k0 = keys;
  let k1 = k0 + bytes;
  let k2 = k1 + bytes;
  let k3 = k2 + bytes;
  const end = q + bytes;
  while (q < end) {
    const x = v128.load(q);
    a = multiplyAdd(x, v128.load(k0), a);
    b = multiplyAdd(x, v128.load(k1), b);
    c = multiplyAdd(x, v128.load(k2), c);
    d = multiplyAdd(x, v128.load(k3), d);
    q += 16;
    k0 += 16;
    k1 += 16;
    k2 += 16;
    k3 += 16;
  }
  return sumEach(a, b, c, d);
}

/** scores ← e^(scale·s − m) over `bytes`, a multiple of 16; m and ℓ go to `part`. */
function softmaxPart(scores: usize, bytes: usize, scale: f32, part: usize): void {
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
  store<f32>(part, top);
  store<f32>(part, sumLanes(sums), 4);
}

/** o [headSize] = Σ p·v over `count` values of `bytes` each. */
function weightedValues(p: usize, values: usize, count: i32, bytes: usize, o: usize): void {
  const end = p + (<usize>count << 2);
  let i: usize = 0;
  for (; i + 64 <= bytes; i += 64) {
    let o0 = f32x4.splat(0), o1 = o0, o2 = o0, o3 = o0;
    let v = values + i;
    for (let at = p; at < end; at += 4) {
      const weight = v128.load32_splat(at);
      o0 = multiplyAdd(weight, v128.load(v), o0);
      o1 = multiplyAdd(weight, v128.load(v, 16), o1);
      o2 = multiplyAdd(weight, v128.load(v, 32), o2);
      o3 = multiplyAdd(weight, v128.load(v, 48), o3);
      v += bytes;
    }
    v128.store(o + i, o0);
    v128.store(o + i, o1, 16);
    v128.store(o + i, o2, 32);
    v128.store(o + i, o3, 48);
  }
  for (; i < bytes; i += 16) {
    let sum = f32x4.splat(0);
    let v = values + i;
    for (let at = p; at < end; at += 4) {
      sum = multiplyAdd(v128.load32_splat(at), v128.load(v), sum);
      v += bytes;
    }
    v128.store(o + i, sum);
  }
}

/**
 * The parts of the query heads that share a key-value head, over one block.
 *
 * @param q of the first head, the others beside it
 * @param keys, values of the block's first position [positions × headSize]; up to the next multiple of 4 may be read
 * @param count positions of the block that are seen
 * @param scores scratch for heads × the block's positions, rounded up to 4
 * @param parts of the first head, the others beside it
 */
export function attendBlock(
  q: usize,
  heads: i32,
  keys: usize,
  values: usize,
  count: i32,
  headSize: i32,
  scale: f32,
  scores: usize,
  parts: usize,
): void {
  const bytes = <usize>headSize << 2;
  const scoreBytes = <usize>((count + 3) & ~3) << 2;
  for (let position: usize = 0; position < scoreBytes; position += 16) {
    for (let head = 0; head < heads; head++) {
      const four = fourScores(q + <usize>head * bytes, keys, bytes);
      v128.store(scores + <usize>head * scoreBytes + position, four);
    }
    keys += bytes << 2;
  }
  for (let head = 0; head < heads; head++) {
    for (let i = <usize>count << 2; i < scoreBytes; i += 4) store<f32>(scores + i, -Infinity);
    softmaxPart(scores, scoreBytes, scale, parts);
    weightedValues(scores, values, count, bytes, parts + 16);
    scores += scoreBytes;
    parts += bytes + 16;
  }
}

/**
 * One row's attention from its parts: O = Σ e^(m_b − m)·o_b / Σ e^(m_b − m)·ℓ_b, blocks in order.
 *
 * @param parts of the first block's first head; `stride` bytes to the next block's
 * @param output [heads × headSize]
 */
export function combineBlocks(parts: usize, blocks: i32, stride: usize, heads: i32, headSize: i32, output: usize): void {
  const bytes = <usize>headSize << 2;
  for (let head = 0; head < heads; head++) {
    let top: f32 = -Infinity;
    for (let block = 0; block < blocks; block++) top = max(top, load<f32>(parts + <usize>block * stride));
    memory.fill(output, 0, bytes);
    let sum: f32 = 0;
    for (let block = 0; block < blocks; block++) {
      const part = parts + <usize>block * stride;
      const weight = exponential(f32x4.splat(load<f32>(part) - top));
      sum += f32x4.extract_lane(weight, 0) * load<f32>(part, 4);
      for (let i: usize = 0; i < bytes; i += 16) {
        v128.store(output + i, multiplyAdd(weight, v128.load(part + 16 + i), v128.load(output + i)));
      }
    }
    const share = f32x4.splat(1 / sum);
    for (let i: usize = 0; i < bytes; i += 16) v128.store(output + i, f32x4.mul(v128.load(output + i), share));
    parts += bytes + 16;
    output += bytes;
  }
}
