/**
 * RoPE, then QK-norm, in place on the query and key heads of each row.
 *
 * RoPE turns the pair (x₂ᵢ, x₂ᵢ₊₁) by the angle position·theta^(−2i/headSize). The table holds, for every position and
 * four elements, their cosines (c, c, c', c') and their signed sines (−s, s, −s', s').
 * QK-norm is y = x·r with r = (mean(x²) + ε)^−½ over a head, without a weight.
 */
import { multiplyAdd, sumLanes } from "./lanes";

/** (x₀, x₁, x₂, x₃) → (x₁, x₀, x₃, x₂). */
@inline
function swapPairs(x: v128): v128 {
  return v128.shuffle<f32>(x, x, 1, 0, 3, 2);
}

/**
 * @param rows first row; `stride` bytes to the next; heads lie side by side in it
 * @param position position of the first row in its sequence, sequences are `length` rows long
 * @param reciprocals r of every head [rows × heads], for the backward pass; 0: no QK-norm
 */
export function rotaryForward(
  rows: usize,
  stride: usize,
  count: i32,
  heads: i32,
  headSize: i32,
  table: usize,
  position: i32,
  length: i32,
  reciprocals: usize,
  epsilon: f32,
): void {
  const bytes = <usize>headSize << 2;
  for (let row = 0; row < count; row++) {
    const angles = table + 2 * bytes * <usize>((position + row) % length);
    let head = rows + <usize>row * stride;
    for (let h = 0; h < heads; h++) {
      let squares = f32x4.splat(0);
      for (let i: usize = 0; i < bytes; i += 16) {
        const x = v128.load(head + i);
        const turned = multiplyAdd(
          x,
          v128.load(angles + 2 * i),
          f32x4.mul(swapPairs(x), v128.load(angles + 2 * i, 16)),
        );
        v128.store(head + i, turned);
        squares = multiplyAdd(turned, turned, squares);
      }
      if (reciprocals) {
        const r: f32 = 1 / sqrt<f32>(sumLanes(squares) / <f32>headSize + epsilon);
        store<f32>(reciprocals, r);
        reciprocals += 4;
        for (let i: usize = 0; i < bytes; i += 16) {
          v128.store(head + i, f32x4.mul(v128.load(head + i), f32x4.splat(r)));
        }
      }
      head += bytes;
    }
  }
}

/**
 * In place on the gradients: through QK-norm, dx = r·(dy − y·mean(dy∘y)), then the inverse rotation.
 *
 * @param normalised the forward pass's result, y
 * @param reciprocals r of the first row's first head, `reciprocalStride` bytes to the next row's; 0: no QK-norm
 */
export function rotaryBackward(
  gradients: usize,
  normalised: usize,
  stride: usize,
  count: i32,
  heads: i32,
  headSize: i32,
  table: usize,
  position: i32,
  length: i32,
  reciprocals: usize,
  reciprocalStride: usize,
): void {
  const bytes = <usize>headSize << 2;
  for (let row = 0; row < count; row++) {
    const angles = table + 2 * bytes * <usize>((position + row) % length);
    let head = gradients + <usize>row * stride;
    let y = normalised + <usize>row * stride;
    for (let h = 0; h < heads; h++) {
      let r = f32x4.splat(1);
      let mean = f32x4.splat(0);
      if (reciprocals) {
        r = f32x4.splat(load<f32>(reciprocals + <usize>row * reciprocalStride + (<usize>h << 2)));
        let products = f32x4.splat(0);
        for (let i: usize = 0; i < bytes; i += 16) {
          products = multiplyAdd(v128.load(head + i), v128.load(y + i), products);
        }
        mean = f32x4.splat(-sumLanes(products) / <f32>headSize);
      }
      for (let i: usize = 0; i < bytes; i += 16) {
        const dx = f32x4.mul(r, multiplyAdd(v128.load(y + i), mean, v128.load(head + i)));
        const turnedBack = f32x4.sub(
          f32x4.mul(dx, v128.load(angles + 2 * i)),
          f32x4.mul(swapPairs(dx), v128.load(angles + 2 * i, 16)),
        );
        v128.store(head + i, turnedBack);
      }
      head += bytes;
      y += bytes;
    }
  }
}
