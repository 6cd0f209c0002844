/**
 * One token from one row of logits.
 * @module
 */
import { RunError, UsageError } from "../core/errors.ts";

/** Which tokens may be drawn, and how boldly. */
export interface SamplingSettings {
  /** Logits are divided by it; 0 takes the likeliest token. */
  readonly temperature: number;
  /** Only the k likeliest tokens. Absent: all. */
  readonly topK?: number;
  /** Only the likeliest tokens that together have this probability, after temperature and top-k (nucleus; Holtzman et al., 2020). Absent: all. */
  readonly topP?: number;
}

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
 * Draws a token id. Equal logits rank by id, so that a draw depends on the numbers alone.
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
  const { temperature, topK = logits.length, topP = 1 } = settings;
  const strange = logits.findIndex((value) => !Number.isFinite(value));
  if (strange >= 0) {
    throw new RunError(`The logit of token ${strange} is ${logits[strange]}, not a finite number.`);
  }
  const logit = (id: number) => logits[id] as number;
  let likeliest = 0;
  for (let id = 1; id < logits.length; id++) if (logit(id) > logit(likeliest)) likeliest = id;
  if (temperature === 0) return likeliest;

  const ids = Uint32Array.from(logits, (_, id) => id);
  if (topK < ids.length || topP < 1) ids.sort((a, b) => logit(b) - logit(a) || a - b);
  const candidates = ids.subarray(0, topK);
  const masses = Float64Array.from(
    candidates,
    (id) => Math.exp((logit(id) - logit(likeliest)) / temperature),
  );
  const limit = topP * masses.reduce((a, b) => a + b, 0);
  let kept = 0, mass = 0;
  while (kept < masses.length && mass < limit) mass += masses[kept++] as number;

  let left = uniform * mass;
  for (let i = 0; i < kept; i++) {
    left -= masses[i] as number;
    if (left < 0) return candidates[i] as number;
  }
  // Rounding may leave a hair: it belongs to the last candidate.
  return candidates[kept - 1] as number;
}
