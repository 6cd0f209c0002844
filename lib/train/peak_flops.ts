/**
 * What a card could do at most: the denominator of model FLOPs utilisation.
 *
 * Figures are the makers' (NVIDIA's data sheets and whitepapers of each card), without sparsity, at boost clock: f16 products with f32
 * sums on tensor cores, and f32 without them. A CPU has no entry: its peak depends on clock and width, which no name tells.
 * @module
 */

import type { TrainBackend } from "../backends/backend.ts";
import { trainingFlopsPerToken } from "../model/flops.ts";

/** A card's peaks in 10¹² FLOP a second. */
interface Card {
  /** In the adapter's name; the first that matches counts. */
  readonly name: RegExp;
  readonly tensor: number;
  readonly f32: number;
}

const CARDS: readonly Card[] = [
  { name: /H100 PCIe/i, tensor: 756, f32: 51 },
  { name: /H100 NVL/i, tensor: 835, f32: 60 },
  { name: /H100|H200/i, tensor: 989, f32: 67 },
  { name: /A100/i, tensor: 312, f32: 19.5 },
  { name: /L40S/i, tensor: 362, f32: 91.6 },
  { name: /\bL4\b/i, tensor: 121, f32: 30.3 },
  { name: /RTX 4090/i, tensor: 165, f32: 82.6 },
  { name: /RTX 3090(?! Ti)/i, tensor: 71, f32: 35.6 },
  { name: /V100/i, tensor: 125, f32: 15.7 },
  { name: /\bT4\b/i, tensor: 65, f32: 8.1 },
];

/**
 * FLOP a second that a backend's hardware could do in the tier that it computes in; undefined where that is not known: a CPU,
 * another card, f16 without tensor cores.
 *
 * @param description As in `TrainBackend.description`: the card's name is in it, and the tier ends it.
 *
 * @example
 * ```ts
 * import { peakFlops } from "./peak_flops.ts";
 * import assert from "node:assert/strict";
 * assert.equal(peakFlops("webgpu, NVIDIA H100 80GB HBM3 through Dawn, tensor"), 989e12);
 * assert.equal(peakFlops("wasm, relaxed SIMD, 2 workers"), undefined);
 * ```
 */
export function peakFlops(description: string): number | undefined {
  const tier = description.split(", ").at(-1);
  if (tier !== "tensor" && tier !== "f32") return undefined;
  const card = CARDS.find(({ name }) => name.test(description));
  return card && card[tier] * 1e12;
}

/**
 * Model FLOPs utilisation: the share of {@link peakFlops} that the model FLOPs of training are of; undefined where that is not known.
 * Windows of several documents count as one, which overstates their attention.
 *
 * @param length Tokens of a sequence.
 */
export function modelFlopsUtilisation(
  { description, config }: Pick<TrainBackend, "description" | "config">,
  length: number,
  tokensPerSecond: number,
): number | undefined {
  const peak = peakFlops(description);
  return peak && tokensPerSecond * trainingFlopsPerToken(config, length) / peak;
}
