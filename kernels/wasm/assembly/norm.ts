/**
 * RMSNorm: y = x·r∘w with r = (mean(x²) + ε)^−½, over rows of `width` (a multiple of 4) elements.
 */
import { multiplyAdd, sumLanes } from "./lanes";

/** y [rows × width] and r [rows] from x [rows × width] and w [width]. */
export function rmsNormForward(
  x: usize,
  weight: usize,
  y: usize,
  reciprocals: usize,
  rows: i32,
  width: i32,
  epsilon: f32,
): void {
  const bytes = <usize>width << 2;
  for (let row = 0; row < rows; row++) {
    let squares = f32x4.splat(0);
    for (let i: usize = 0; i < bytes; i += 16) {
      const value = v128.load(x + i);
      squares = multiplyAdd(value, value, squares);
    }
    const r: f32 = 1 / sqrt<f32>(sumLanes(squares) / <f32>width + epsilon);
    store<f32>(reciprocals + (<usize>row << 2), r);
    const scale = f32x4.splat(r);
    for (let i: usize = 0; i < bytes; i += 16) {
      v128.store(y + i, f32x4.mul(f32x4.mul(v128.load(x + i), scale), v128.load(weight + i)));
    }
    x += bytes;
    y += bytes;
  }
}

/**
 * dx = base + r·(dn − n·mean(dn∘n)) with n = x·r and dn = dy∘w; `dx` may be `base` or `dy`.
 * Writes dw's part of these rows, Σ dy∘n, to `part` [width]; parts are summed later, in order.
 */
export function rmsNormBackward(
  dy: usize,
  x: usize,
  weight: usize,
  reciprocals: usize,
  base: usize,
  dx: usize,
  part: usize,
  rows: i32,
  width: i32,
): void {
  const bytes = <usize>width << 2;
  memory.fill(part, 0, bytes);
  for (let row = 0; row < rows; row++) {
    const r = f32x4.splat(load<f32>(reciprocals + (<usize>row << 2)));
    let products = f32x4.splat(0);
    for (let i: usize = 0; i < bytes; i += 16) {
      const n = f32x4.mul(v128.load(x + i), r);
      const sensitivity = f32x4.mul(v128.load(dy + i), n);
      v128.store(part + i, f32x4.add(v128.load(part + i), sensitivity));
      products = multiplyAdd(sensitivity, v128.load(weight + i), products);
    }
    const mean = f32x4.splat(-sumLanes(products) / <f32>width);
    for (let i: usize = 0; i < bytes; i += 16) {
      const n = f32x4.mul(v128.load(x + i), r);
      const dn = f32x4.mul(v128.load(dy + i), v128.load(weight + i));
      v128.store(dx + i, multiplyAdd(multiplyAdd(n, mean, dn), r, v128.load(base + i)));
    }
    dy += bytes;
    x += bytes;
    base += bytes;
    dx += bytes;
  }
}
