/**
 * GRPO's objective as weighted cross-entropy (Shao et al., DeepSeekMath, 2024, equation 3, with β = 0).
 *
 * For answers i = 1 … N with tokens t = 1 … |oᵢ|, ratio ρ = π(oᵢₜ)/π_old(oᵢₜ) and advantage Aᵢ, what is maximised is
 *
 *     J = 1/N Σᵢ 1/|oᵢ| Σₜ min(ρ Aᵢ, clip(ρ, 1 − ε, 1 + ε) Aᵢ).
 *
 * As ∇ρ = ρ ∇log π, its gradient is that of Σ w·log π with w = ρ Aᵢ / (N |oᵢ|), or 0 where the clipped term is the smaller one. So a
 * batch whose targets weigh Aᵢ ρ/|oᵢ|, divided by N, has cross-entropy's gradient −∇J. At the first update after sampling ρ is 1.
 * @module
 */
import type { TokenBatch, TrainBackend } from "../../backends/backend.ts";
import { paddedLength } from "./padding.ts";

/** A prompt with one answer to it. */
export interface Rollout {
  readonly prompt: Uint32Array;
  /** What the policy wrote, the stop token included where it wrote one; one token at least. */
  readonly answer: Uint32Array;
  readonly advantage: number;
}

/**
 * Batches of rollouts for the first update after sampling: targets in the answers weigh Aᵢ/|oᵢ|, all others 0. Rows are padded to
 * one length; each batch's normaliser is its number of rollouts.
 */
export function policyBatches(rollouts: readonly Rollout[], sequencesPerBatch: number): TokenBatch[] {
  const inputs = Math.max(...rollouts.map(({ prompt, answer }) => prompt.length + answer.length - 1));
  const length = paddedLength(inputs);
  const batches: TokenBatch[] = [];
  for (let first = 0; first < rollouts.length; first += sequencesPerBatch) {
    batches.push(policyBatch(rollouts.slice(first, first + sequencesPerBatch), length));
  }
  return batches;
}

function policyBatch(rollouts: readonly Rollout[], length: number) {
  const size = rollouts.length * length;
  const tokens = new Uint32Array(size), targets = new Uint32Array(size), documents = new Uint32Array(size);
  const weights = new Float32Array(size);
  rollouts.forEach(({ prompt, answer, advantage }, row) => {
    const start = row * length;
    const inputs = prompt.length + answer.length - 1;
    tokens.set(prompt, start);
    tokens.set(answer.subarray(0, -1), start + prompt.length);
    targets.set(answer, start + prompt.length - 1);
    weights.fill(advantage / answer.length, start + prompt.length - 1, start + inputs);
    // Padding is a document of its own.
    documents.fill(1, start + inputs, start + length);
  });
  return {
    sequences: rollouts.length,
    length,
    tokens,
    targets,
    documents,
    weights,
    normaliser: rollouts.length,
  };
}

/**
 * The same batch for a later update: each weight is multiplied by ρ, or by 0 where ρ is outside 1 ± ε on the side to which the
 * advantage pushes it.
 *
 * @param before log π_old of the targets [sequences × length].
 * @param now log π of the targets [sequences × length].
 * @param clip ε.
 */
export function withRatios(
  batch: TokenBatch,
  before: Float32Array,
  now: Float32Array,
  clip: number,
): TokenBatch {
  const weights = batch.weights?.map((weight, i) => {
    const ratio = Math.exp((now[i] ?? 0) - (before[i] ?? 0));
    const clipped = weight > 0 ? ratio > 1 + clip : ratio < 1 - clip;
    return clipped ? 0 : weight * ratio;
  });
  return weights === undefined ? batch : { ...batch, weights };
}

/** log π of a batch's targets where they have a weight, else 0 [sequences × length]. */
export async function targetLogProbabilities(
  backend: TrainBackend,
  batch: TokenBatch,
): Promise<Float32Array> {
  const { vocabularySize } = backend.config;
  const logits = await backend.logits(batch, "all");
  return Float32Array.from(batch.targets, (target, row) => {
    if (batch.weights?.[row] === 0) return 0;
    const own = logits.subarray(row * vocabularySize, (row + 1) * vocabularySize);
    const largest = own.reduce((a, b) => Math.max(a, b), -Infinity);
    const sum = own.reduce((total, logit) => total + Math.exp(logit - largest), 0);
    return (own[target] ?? NaN) - largest - Math.log(sum);
  });
}
