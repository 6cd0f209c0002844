/**
 * Arithmetic that every kernel shares, on four float32 lanes.
 *
 * Two modules are built from this source: with relaxed SIMD a multiply-add is one fused instruction (one rounding),
 * without it a product and a sum (two roundings).
 */

/** a·b + c. */
@inline
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(f32x4.mul(a, b), c);
}

/** Sum of the lanes, pairwise. */
@inline
export function sumLanes(x: v128): f32 {
  return (f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1)) +
    (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3));
}

/** Largest lane. */
@inline
export function maxLanes(x: v128): f32 {
  return max(
    max(f32x4.extract_lane(x, 0), f32x4.extract_lane(x, 1)),
    max(f32x4.extract_lane(x, 2), f32x4.extract_lane(x, 3)),
  );
}

/**
 * Constants of `exponential`, four times each. They are read from memory because the engine would build a constant
 * vector anew, in three instructions, at every use; a load from a known place is one, and needs no bounds check.
 */
const CONSTANTS = memory.data<f32>([
  // log₂ e
  1.44269504, 1.44269504, 1.44269504, 1.44269504,
  // 1.5·2²³: added to |x| < 2²² it rounds x to a whole number, which then stands in the low bits
  12582912, 12582912, 12582912, 12582912,
  // −ln 2 in two parts, the first with few bits so that n times it is exact
  -0.693359375, -0.693359375, -0.693359375, -0.693359375,
  2.12194440e-4, 2.12194440e-4, 2.12194440e-4, 2.12194440e-4,
  // e^r ≈ 1 + r + r²·(c₀ + c₁r + … + c₄r⁴), fitted for |r| ≤ ln 2 / 2: relative error below 4e-9
  0.00138145406, 0.00138145406, 0.00138145406, 0.00138145406,
  0.00836874545, 0.00836874545, 0.00836874545, 0.00836874545,
  0.0416683890, 0.0416683890, 0.0416683890, 0.0416683890,
  0.166665211, 0.166665211, 0.166665211, 0.166665211,
  0.499999940, 0.499999940, 0.499999940, 0.499999940,
  1, 1, 1, 1,
  // Below this e^x leaves the normal numbers and counts as 0
  -87.3365, -87.3365, -87.3365, -87.3365,
], 16);

@inline
function constant(index: usize): v128 {
  return v128.load(CONSTANTS + 16 * index);
}

/**
 * e^x for every lane with x ≤ 88, to about 1e-7 relative: x = n·ln 2 + r, e^r by a polynomial, 2^n by the exponent
 * bits. Exactly 0 below −87.3 (−∞ included), so that a masked score weighs nothing; NaN stays NaN.
 */
@inline
export function exponential(x: v128): v128 {
  const shifted = multiplyAdd(x, constant(0), constant(1));
  const n = f32x4.sub(shifted, constant(1));
  let r = multiplyAdd(n, constant(2), x);
  r = multiplyAdd(n, constant(3), r);
  let y = multiplyAdd(constant(4), r, constant(5));
  y = multiplyAdd(y, r, constant(6));
  y = multiplyAdd(y, r, constant(7));
  y = multiplyAdd(y, r, constant(8));
  y = multiplyAdd(f32x4.mul(r, r), y, f32x4.add(r, constant(9)));
  // The exponent bits of y grow by n: a multiplication by 2^n.
  const power = i32x4.add(y, i32x4.shl(shifted, 23));
  return v128.andnot(power, f32x4.lt(x, constant(10)));
}

/**
 * ln x of a positive normal number: x = 2^n·m with m in [√½, √2), ln m = 2·artanh((m − 1)/(m + 1)) by its series.
 */
export function logarithm(x: f64): f64 {
  if (!(x > 0) || x == Infinity) return x == 0 ? -Infinity : x > 0 ? x : NaN;
  const bits = reinterpret<i64>(x);
  let n = <f64>(<i32>(bits >> 52) - 1023);
  let m = reinterpret<f64>((bits & 0x000fffffffffffff) | 0x3ff0000000000000);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    n += 1;
  }
  const s = (m - 1) / (m + 1);
  const q = s * s;
  let series = 1.0 / 15;
  series = series * q + 1.0 / 13;
  series = series * q + 1.0 / 11;
  series = series * q + 1.0 / 9;
  series = series * q + 1.0 / 7;
  series = series * q + 1.0 / 5;
  series = series * q + 1.0 / 3;
  return n * 0.6931471805599453 + 2 * s * (1 + q * series);
}
