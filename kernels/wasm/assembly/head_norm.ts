/**
 * QK-norm with a weight, in place on heads that lie side by side in each row: y = n∘w, n = x·r, r = (mean(x²) + ε)^−½.
 */
import { multiplyAdd, sumLanes } from "./lanes";

/**
 * @param rows the first head of the first row; `stride` bytes to the next row
 * @param normed n of every head, for the backward pass; `normedStride` bytes to the next row
 * @param reciprocals r of the first row's first head; `reciprocalStride` bytes to the next row's
 */
export function headNormForward(
  rows: usize,
  stride: usize,
  count: i32,
  heads: i32,
  headSize: i32,
  weight: usize,
  normed: usize,
  normedStride: usize,
  reciprocals: usize,
  reciprocalStride: usize,
  epsilon: f32,
): void {
  const bytes = <usize>headSize << 2;
  for (let row = 0; row < count; row++) {
    let head = rows + <usize>row * stride;
    let n = normed + <usize>row * normedStride;
    for (let h = 0; h < heads; h++) {
      let squares = f32x4.splat(0);
      for (let i: usize = 0; i < bytes; i += 16) {
        const x = v128.load(head + i);
        squares = multiplyAdd(x, x, squares);
      }
      const r: f32 = 1 / sqrt<f32>(sumLanes(squares) / <f32>headSize + epsilon);
      store<f32>(reciprocals + <usize>row * reciprocalStride + (<usize>h << 2), r);
      for (let i: usize = 0; i < bytes; i += 16) {
        const value = f32x4.mul(v128.load(head + i), f32x4.splat(r));
        v128.store(n + i, value);
        v128.store(head + i, f32x4.mul(value, v128.load(weight + i)));
      }
      head += bytes;
      n += bytes;
    }
  }
}

/**
 * In place on the gradients: dx = r·(dn − n·mean(dn∘n)) with dn = dy∘w.
 * Writes dw's part of these rows and heads, Σ dy∘n, to `part` [headSize]; parts are summed later, in order.
 */
export function headNormBackward(
  gradients: usize,
  stride: usize,
  count: i32,
  heads: i32,
  headSize: i32,
  weight: usize,
  normed: usize,
  normedStride: usize,
  reciprocals: usize,
  reciprocalStride: usize,
  part: usize,
): void {
  const bytes = <usize>headSize << 2;
  memory.fill(part, 0, bytes);
  for (let row = 0; row < count; row++) {
    let head = gradients + <usize>row * stride;
    let n = normed + <usize>row * normedStride;
    for (let h = 0; h < heads; h++) {
      const r = f32x4.splat(load<f32>(reciprocals + <usize>row * reciprocalStride + (<usize>h << 2)));
      let products = f32x4.splat(0);
      for (let i: usize = 0; i < bytes; i += 16) {
        const sensitivity = f32x4.mul(v128.load(head + i), v128.load(n + i));
        v128.store(part + i, f32x4.add(v128.load(part + i), sensitivity));
        products = multiplyAdd(sensitivity, v128.load(weight + i), products);
      }
      const mean = f32x4.splat(-sumLanes(products) / <f32>headSize);
      for (let i: usize = 0; i < bytes; i += 16) {
        const dn = f32x4.mul(v128.load(head + i), v128.load(weight + i));
        v128.store(head + i, f32x4.mul(r, multiplyAdd(v128.load(n + i), mean, dn)));
      }
      head += bytes;
      n += bytes;
    }
  }
}
