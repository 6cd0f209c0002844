/**
 * AdamW as torch.optim.AdamW computes it, over `count` (a multiple of 4) parameters:
 * w ← w·(1 − lr·decay); m ← m + (1 − β₁)(g − m); v ← β₂·v + (1 − β₂)·g²;
 * w ← w − (lr/(1 − β₁ᵗ))·m / (√v/√(1 − β₂ᵗ) + ε). The gradient is scaled by `clip` first.
 */
import { multiplyAdd } from "./lanes";

/**
 * @param keep 1 − lr·decay
 * @param rise1, rise2 1 − β₁, 1 − β₂
 * @param stepSize lr/(1 − β₁ᵗ)
 * @param correction √(1 − β₂ᵗ)
 */
export function adamw(
  weights: usize,
  gradients: usize,
  firstMoments: usize,
  secondMoments: usize,
  count: i32,
  clip: f32,
  keep: f32,
  rise1: f32,
  beta2: f32,
  rise2: f32,
  stepSize: f32,
  correction: f32,
  epsilon: f32,
): void {
  const clips = f32x4.splat(clip);
  const keeps = f32x4.splat(keep);
  const rises1 = f32x4.splat(rise1);
  const betas2 = f32x4.splat(beta2);
  const rises2 = f32x4.splat(rise2);
  const steps = f32x4.splat(-stepSize);
  const corrections = f32x4.splat(correction);
  const epsilons = f32x4.splat(epsilon);
  const bytes = <usize>count << 2;
  for (let i: usize = 0; i < bytes; i += 16) {
    const g = f32x4.mul(v128.load(gradients + i), clips);
    let m = v128.load(firstMoments + i);
    m = multiplyAdd(rises1, f32x4.sub(g, m), m);
    v128.store(firstMoments + i, m);
    let v = f32x4.mul(v128.load(secondMoments + i), betas2);
    v = multiplyAdd(f32x4.mul(g, rises2), g, v);
    v128.store(secondMoments + i, v);
    const denominator = f32x4.add(f32x4.div(f32x4.sqrt(v), corrections), epsilons);
    const w = f32x4.mul(v128.load(weights + i), keeps);
    v128.store(weights + i, multiplyAdd(steps, f32x4.div(m, denominator), w));
  }
}
