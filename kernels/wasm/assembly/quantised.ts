/**
 * Products of 4-bit weights with 8-bit activations, in whole numbers.
 *
 * A weight is (q − 8)·scale with q in 0…15 and one scale for each row and group of columns; an activation is p·step with
 * p in −127…127 and one step for each row. So y = step · Σ over groups of scale · (Σ q·p − 8·Σ p). The inner sums are
 * exact whole numbers, and the outer one runs in order of the groups by products and sums: the same bits in both modules.
 *
 * Layout of weights, by blocks of 4 rows × 32 columns: 4 × 16 bytes, each with an even column in the low and the next one
 * in the high half. Scales: [rows / 4][groups][4]. Activations: by 32 columns the 16 even ones, then the 16 odd ones.
 */

/** Columns that a block covers. */
const BLOCK = 32;

/** 15 in every byte; read from memory, see CONSTANTS in lanes.ts. */
const LOW_HALVES = memory.data<u8>([15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15], 16);

/** Sums of adjacent pairs of p·q, with q in 0…15: at most 3810, so that relaxed SIMD's instruction is exact everywhere. */
@inline
function pairs(p: v128, q: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i16x8.relaxed_dot_i8x16_i7x16_s(p, q);
  const even = i16x8.mul(i16x8.shr_s(i16x8.shl(p, 8), 8), i16x8.shr_u(i16x8.shl(q, 8), 8));
  return i16x8.add(even, i16x8.mul(i16x8.shr_s(p, 8), i16x8.shr_u(q, 8)));
}

/** One row of a block: the sums of pairs over its 32 columns, at most 7620. */
@inline
function rowOfBlock(even: v128, odd: v128, weights: v128, lowHalves: v128): v128 {
  const high = v128.and(i16x8.shr_u(weights, 4), lowHalves);
  return i16x8.add(pairs(even, v128.and(weights, lowHalves)), pairs(odd, high));
}

/** Lane i: the sum of the lanes of the i-th of four vectors. */
@inline
function sumEach(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = i32x4.add(v128.shuffle<i32>(a, b, 0, 4, 1, 5), v128.shuffle<i32>(a, b, 2, 6, 3, 7));
  const cd = i32x4.add(v128.shuffle<i32>(c, d, 0, 4, 1, 5), v128.shuffle<i32>(c, d, 2, 6, 3, 7));
  return i32x4.add(v128.shuffle<i32>(ab, cd, 0, 1, 4, 5), v128.shuffle<i32>(ab, cd, 2, 3, 6, 7));
}

/** Four outputs of one row of activations, without its step. */
function fourRows(x: usize, corrections: usize, packed: usize, scales: usize, groups: i32, blocks: i32): v128 {
  const lowHalves = v128.load(LOW_HALVES);
  let total = f32x4.splat(0);
  for (let group = 0; group < groups; group++) {
    let a = i32x4.splat(0), b = a, c = a, d = a;
    for (let block = 0; block < blocks; block++) {
      const even = v128.load(x);
      const odd = v128.load(x, 16);
      a = i32x4.add(a, i32x4.extadd_pairwise_i16x8_s(rowOfBlock(even, odd, v128.load(packed), lowHalves)));
      b = i32x4.add(b, i32x4.extadd_pairwise_i16x8_s(rowOfBlock(even, odd, v128.load(packed, 16), lowHalves)));
      c = i32x4.add(c, i32x4.extadd_pairwise_i16x8_s(rowOfBlock(even, odd, v128.load(packed, 32), lowHalves)));
      d = i32x4.add(d, i32x4.extadd_pairwise_i16x8_s(rowOfBlock(even, odd, v128.load(packed, 48), lowHalves)));
      x += BLOCK;
      packed += 4 * BLOCK / 2;
    }
    const sums = i32x4.add(sumEach(a, b, c, d), v128.load32_splat(corrections));
    total = f32x4.add(total, f32x4.mul(f32x4.convert_i32x4_s(sums), v128.load(scales)));
    corrections += 4;
    scales += 16;
  }
  return total;
}

/**
 * y [rows × columns] = base + x·Wᵀ.
 *
 * @param x, corrections, steps what quantiseRows made of the rows
 * @param packed, scales of the first of these columns of y, whose number among all is a multiple of 4
 * @param depth columns of W, a multiple of `group`, which is a multiple of 32
 * @param base row-major matrix that is added, 0 for none; may be `y`
 */
export function multiplyQuantised(
  x: usize,
  corrections: usize,
  steps: usize,
  rows: i32,
  packed: usize,
  scales: usize,
  depth: i32,
  group: i32,
  columns: i32,
  base: usize,
  baseStride: usize,
  y: usize,
  stride: usize,
): void {
  const groups = depth / group;
  const blocks = group / BLOCK;
  for (let column = 0; column < columns; column += 4) {
    const across = <usize>column << 2;
    const width = min(columns - column, 4);
    // The weights of four columns stay in the first-level cache while the rows pass.
    for (let row = 0; row < rows; row++) {
      let outputs = fourRows(
        x + <usize>row * <usize>depth,
        corrections + (<usize>(row * groups) << 2),
        packed,
        scales,
        groups,
        blocks,
      );
      outputs = f32x4.mul(outputs, v128.load32_splat(steps + (<usize>row << 2)));
      const to = y + <usize>row * stride + across;
      const from = base + <usize>row * baseStride + across;
      if (width == 4) {
        v128.store(to, base ? f32x4.add(v128.load(from), outputs) : outputs);
      } else {
        for (let lane = 0; lane < width; lane++) {
          const value = f32x4.extract_lane(outputs, 0);
          outputs = v128.shuffle<f32>(outputs, outputs, 1, 2, 3, 0);
          const at = <usize>lane << 2;
          store<f32>(to + at, base ? load<f32>(from + at) + value : value);
        }
      }
    }
    packed += <usize>depth * 2;
    scales += <usize>groups << 4;
  }
}

/** Four activations as whole numbers. */
@inline
function rounded(x: usize, inverse: v128): v128 {
  return i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(x), inverse)));
}

/** Largest magnitude of `count` elements; NaN where one is. */
function largestMagnitude(x: usize, count: i32): f32 {
  let largest = f32x4.splat(0);
  const end = x + (<usize>count << 2);
  for (; x < end; x += 16) largest = f32x4.max(largest, f32x4.abs(v128.load(x)));
  const halves = f32x4.max(largest, v128.shuffle<f32>(largest, largest, 2, 3, 0, 1));
  return f32x4.extract_lane(f32x4.max(halves, v128.shuffle<f32>(halves, halves, 1, 0, 3, 2)), 0);
}

/**
 * Rounds each row to 8 bits: step = max|x|/127, p = x/step to the nearest, ties to even.
 *
 * @param p [rows × width] bytes, in the order of the header
 * @param corrections −8·Σ p of every group [rows × width/group]
 * @param steps [rows]
 */
export function quantiseRows(
  x: usize,
  rows: i32,
  width: i32,
  group: i32,
  p: usize,
  corrections: usize,
  steps: usize,
): void {
  for (let row = 0; row < rows; row++) {
    const largest = largestMagnitude(x, width);
    store<f32>(steps + (<usize>row << 2), largest / 127);
    const inverse = f32x4.splat(largest == 0 ? 0 : 127 / largest);
    for (let first = 0; first < width; first += group) {
      let sums = i32x4.splat(0);
      for (let column = 0; column < group; column += BLOCK) {
        const a0 = rounded(x, inverse), a1 = rounded(x + 16, inverse);
        const a2 = rounded(x + 32, inverse), a3 = rounded(x + 48, inverse);
        const b0 = rounded(x + 64, inverse), b1 = rounded(x + 80, inverse);
        const b2 = rounded(x + 96, inverse), b3 = rounded(x + 112, inverse);
        sums = i32x4.add(sums, i32x4.add(i32x4.add(a0, a1), i32x4.add(a2, a3)));
        sums = i32x4.add(sums, i32x4.add(i32x4.add(b0, b1), i32x4.add(b2, b3)));
        const a = i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(a0, a1), i16x8.narrow_i32x4_s(a2, a3));
        const b = i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(b0, b1), i16x8.narrow_i32x4_s(b2, b3));
        v128.store(p, v128.shuffle<i8>(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30));
        v128.store(p, v128.shuffle<i8>(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31), 16);
        x += BLOCK * 4;
        p += BLOCK;
      }
      const sum = i32x4.extract_lane(sums, 0) + i32x4.extract_lane(sums, 1) +
        i32x4.extract_lane(sums, 2) + i32x4.extract_lane(sums, 3);
      store<i32>(corrections, -8 * sum);
      corrections += 4;
    }
  }
}

/** x [rows × width] = E[token]. */
export function gatherQuantised(
  tokens: usize,
  packed: usize,
  scales: usize,
  x: usize,
  rows: i32,
  width: i32,
  group: i32,
): void {
  const groups = width / group;
  for (let row = 0; row < rows; row++) {
    const token = load<u32>(tokens + (<usize>row << 2));
    const place = <usize>(token & 3);
    const weights = packed + <usize>(token >> 2) * <usize>width * 2 + 16 * place;
    const steps = scales + ((<usize>(token >> 2) * <usize>groups) << 4) + 4 * place;
    for (let i = 0; i < width; i++) {
      const byte = load<u8>(weights + <usize>(i / BLOCK) * 64 + <usize>((i % BLOCK) >> 1));
      const q = <i32>(i & 1 ? byte >> 4 : byte & 15);
      store<f32>(x, <f32>(q - 8) * load<f32>(steps + (<usize>(i / group) << 4)));
      x += 4;
    }
  }
}
