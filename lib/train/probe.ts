/**
 * Perplexity of a probing set.
 * @module
 */
import type { ForwardBackend, TokenBatch } from "../backends/backend.ts";

/** Held-out text of one capability, as fixed batches. */
export interface Probe {
  readonly name: string;
  readonly batches: readonly TokenBatch[];
}

/** Mean negative log-likelihood per (weighted) target of a set of batches, in nats. */
export async function meanNegativeLogLikelihood(
  backend: ForwardBackend,
  batches: readonly TokenBatch[],
): Promise<number> {
  let total = 0, weight = 0;
  for (const batch of batches) {
    const loss = await backend.evaluate(batch);
    for (const value of loss.negativeLogLikelihood) total += value;
    for (const value of loss.weight) weight += value;
  }
  return total / weight;
}
