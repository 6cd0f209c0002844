/** Sums in a fixed order: the partition never depends on the number of workers. */

/** target [width] = (accumulate ? target : 0) + Σ parts[i] over `count` rows of `width` (a multiple of 4). */
export function sumParts(parts: usize, count: i32, width: i32, target: usize, accumulate: bool): void {
  const bytes = <usize>width << 2;
  for (let i: usize = 0; i < bytes; i += 16) {
    let sum = accumulate ? v128.load(target + i) : f32x4.splat(0);
    for (let part = 0; part < count; part++) sum = f32x4.add(sum, v128.load(parts + <usize>part * bytes + i));
    v128.store(target + i, sum);
  }
}

/** Stores Σ x² of `count` (a multiple of 4) floats as one float64. */
export function sumOfSquares(x: usize, count: i32, target: usize): void {
  let low = f64x2.splat(0);
  let high = low;
  const end = x + (<usize>count << 2);
  for (; x < end; x += 16) {
    const value = v128.load(x);
    const a = f64x2.promote_low_f32x4(value);
    const b = f64x2.promote_low_f32x4(v128.shuffle<i64>(value, value, 1, 1));
    low = f64x2.add(low, f64x2.mul(a, a));
    high = f64x2.add(high, f64x2.mul(b, b));
  }
  const sum = f64x2.add(low, high);
  store<f64>(target, f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1));
}

