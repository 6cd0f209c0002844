/**
 * The optimizer step in plain TypeScript: the definition that every backend's own update follows.
 * @module
 */
import type { ParameterSpec } from "../model/config.ts";
import type { TrainState, UpdateSettings } from "./backend.ts";

/** Keeps the scale finite where the norm is 0; the value of torch's `clip_grad_norm_`. */
const CLIP_EPSILON = 1e-6;

/** Global 2-norm, summed in 64 bits. */
export function globalNorm(gradient: Float32Array): number {
  let sum = 0;
  for (const g of gradient) sum += g * g;
  return Math.sqrt(sum);
}

/** What the gradient is multiplied by: min(1, maximum / (norm + 1e-6)), as torch's `clip_grad_norm_`. */
export function clipScale(gradientNorm: number, maximum: number): number {
  return Math.min(1, maximum / (gradientNorm + CLIP_EPSILON));
}

/**
 * AdamW in place on the arrays of `state` (Loshchilov and Hutter, 2019; the order of torch.optim.AdamW): with t = step + 1,
 * w ← w·(1 − η·λ) for decayed kinds, m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g²,
 * w ← w − η/(1−β₁ᵗ) · m / (√v/√(1−β₂ᵗ) + ε).
 *
 * @param gradient [parameters], not yet clipped.
 * @param scale What `clipScale` said.
 * @returns The state with one more step done, on the same arrays.
 */
export function adamw(
  layout: readonly ParameterSpec[],
  state: TrainState,
  gradient: Float32Array,
  scale: number,
  update: UpdateSettings,
): TrainState {
  const { weights, firstMoment, secondMoment } = state;
  const { learningRate, beta1, beta2, epsilon, weightDecay } = update;
  const step = state.step + 1;
  const rate = learningRate / (1 - beta1 ** step);
  const correction = Math.sqrt(1 - beta2 ** step);
  for (const { kind, offset, size } of layout) {
    const keep = update.decayedKinds.includes(kind) ? 1 - learningRate * weightDecay : 1;
    for (let i = offset; i < offset + size; i++) {
      // Every index lies within the arrays: the layout covers them exactly.
      const g = scale * (gradient[i] as number);
      const m = beta1 * (firstMoment[i] as number) + (1 - beta1) * g;
      const v = beta2 * (secondMoment[i] as number) + (1 - beta2) * g * g;
      firstMoment[i] = m;
      secondMoment[i] = v;
      weights[i] = keep * (weights[i] as number) - rate * m / (Math.sqrt(v) / correction + epsilon);
    }
  }
  return { step, weights, firstMoment, secondMoment };
}
