/**
 * SwiGLU's product: a = silu(g)∘u with silu(g) = g·σ(g), over rows (g | u) of twice `width` elements.
 */
import { exponential, multiplyAdd } from "./lanes";

/** σ(x) = 1/(1 + e^−x), for x < 0 as e^x/(1 + e^x), so that no exponent is positive and nothing overflows. */
@inline
function logistic(x: v128, one: v128): v128 {
  const e = exponential(f32x4.neg(f32x4.abs(x)));
  const numerator = v128.bitselect(e, one, i32x4.shr_s(x, 31));
  return f32x4.div(numerator, f32x4.add(one, e));
}

/** a [rows × width] from (g | u) [rows × 2·width]. */
export function swigluForward(gateUp: usize, activation: usize, rows: i32, width: i32): void {
  const bytes = <usize>width << 2;
  const one = f32x4.splat(1);
  for (let row = 0; row < rows; row++) {
    for (let i: usize = 0; i < bytes; i += 16) {
      const g = v128.load(gateUp + i);
      const u = v128.load(gateUp + bytes + i);
      v128.store(activation + i, f32x4.mul(f32x4.mul(g, logistic(g, one)), u));
    }
    gateUp += 2 * bytes;
    activation += bytes;
  }
}

/** (dg | du) in place of (g | u): du = da·silu(g), dg = da·u·σ(g)·(1 + g·(1 − σ(g))). */
export function swigluBackward(gateUp: usize, gradient: usize, rows: i32, width: i32): void {
  const bytes = <usize>width << 2;
  const one = f32x4.splat(1);
  for (let row = 0; row < rows; row++) {
    for (let i: usize = 0; i < bytes; i += 16) {
      const g = v128.load(gateUp + i);
      const u = v128.load(gateUp + bytes + i);
      const da = v128.load(gradient + i);
      const sigma = logistic(g, one);
      const slope = f32x4.mul(sigma, multiplyAdd(g, f32x4.sub(one, sigma), one));
      v128.store(gateUp + i, f32x4.mul(f32x4.mul(da, u), slope));
      v128.store(gateUp + bytes + i, f32x4.mul(f32x4.mul(da, g), sigma));
    }
    gateUp += 2 * bytes;
    gradient += bytes;
  }
}
