/**
 * One token from one row of logits.
 * @module
 */
import type { SamplingSettings } from "./decode.ts";
import { RunError, UsageError } from "../core/errors.ts";

/** @throws {UsageError} naming the setting, its value and what was expected. */
export function checkSamplingSettings({ temperature, topK, topP }: SamplingSettings): void {
  if (!(temperature >= 0 && temperature < Infinity)) {
    throw new UsageError(`temperature is ${temperature}, expected a number of at least 0.`);
  }
  if (topK !== undefined && !(Number.isSafeInteger(topK) && topK > 0)) {
    throw new UsageError(`topK is ${topK}, expected a whole number above 0.`);
  }
  if (topP !== undefined && !(topP > 0 && topP <= 1)) {
    throw new UsageError(`topP is ${topP}, expected a number above 0 and up to 1.`);
  }
}

/**
 * Draws a token id: a uniform number runs through the tokens that reach a threshold, in order of their ids. The threshold is
 * the k-th largest logit, or that at which the largest logits together have the probability topP; what equals it is kept too.
 *
 * @param logits [V]
 * @param uniform A number in [0, 1); not used at temperature 0.
 * @throws {RunError} where a logit is NaN or infinite, as after a diverged training.
 *
 * @example
 * ```ts
 * import { sampleToken } from "./sample.ts";
 * import assert from "node:assert/strict";
 * assert.equal(sampleToken(Float32Array.of(0, 2, 1), { temperature: 0 }, 0), 1);
 * ```
 */
export function sampleToken(logits: Float32Array, settings: SamplingSettings, uniform: number): number {
  const likeliest = argmax(logits);
  if (settings.temperature === 0) return likeliest;
  const top = logits[likeliest] as number;
  const mass = (logit: number) => Math.exp((logit - top) / settings.temperature);
  const least = threshold(logits, top, settings, mass);

  let total = 0;
  for (let id = 0; id < logits.length; id++) {
    const logit = logits[id] as number;
    if (logit >= least) total += mass(logit);
  }
  let reached = 0;
  for (let id = 0; id < logits.length; id++) {
    const logit = logits[id] as number;
    if (logit < least) continue;
    reached += mass(logit);
    if (uniform * total < reached) return id;
  }
  // The product was rounded up to the total: the number belongs to the likeliest token as well as to any.
  return likeliest;
}

/** The likeliest token, the first among equals. */
function argmax(logits: Float32Array): number {
  let likeliest = 0;
  for (let id = 0; id < logits.length; id++) {
    const logit = logits[id] as number;
    if (!Number.isFinite(logit)) {
      throw new RunError(`The logit of token ${id} is ${logit}, not a finite number.`);
    }
    if (logit > (logits[likeliest] as number)) likeliest = id;
  }
  return likeliest;
}

/** Natural logarithm of the ratio to the likeliest token that is looked at first. */
const FIRST_SPAN = 8;

/** The smallest logit that may be drawn; −∞: all. */
function threshold(
  logits: Float32Array,
  top: number,
  { temperature, topK = logits.length, topP = 1 }: SamplingSettings,
  mass: (logit: number) => number,
): number {
  const anyRank = topK >= logits.length;
  if (anyRank && topP === 1) return -Infinity;
  let total = 0;
  if (anyRank) { for (const logit of logits) total += mass(logit); }
  // Likely tokens are few, so the threshold is looked for among ever more of the largest logits.
  for (let span = FIRST_SPAN * temperature;; span *= 2) {
    const largest = logits.filter((logit) => logit >= top - span).sort().reverse();
    const whole = largest.length === logits.length;
    if (!anyRank && largest.length < topK && !whole) continue;
    // There are so many, or all are wanted.
    const least = anyRank ? -Infinity : largest[topK - 1] as number;
    if (topP === 1) return least;
    const ranked = largest.filter((logit) => logit >= least);
    const limit = topP * (anyRank ? total : ranked.reduce((sum, logit) => sum + mass(logit), 0));
    let sum = 0;
    const last = ranked.find((logit) => (sum += mass(logit)) >= limit);
    if (last !== undefined) return last;
    // Rounding may leave a hair of all there is.
    if (whole || !anyRank) return least;
  }
}
