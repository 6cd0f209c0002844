/**
 * Checks that all kinds of batches share.
 * @module
 */
import { UsageError } from "../core/errors.ts";
import type { BatchSourceState } from "./batch.ts";

/**
 * Refuses a state of other batches.
 *
 * @param expected What the batches at hand say of themselves, at any step.
 * @param steps Number of batches at hand.
 * @throws {UsageError} naming the first thing that differs, or a step outside 0 … steps.
 */
export function checkBatchSourceState(
  state: BatchSourceState,
  expected: BatchSourceState,
  steps: number,
): void {
  const parts = ({ stage, seed, fingerprint }: BatchSourceState) => ({ stage, seed, ...fingerprint });
  const found: Record<string, string | number> = parts(state);
  for (const [name, value] of Object.entries(parts(expected))) {
    if (found[name] !== value) {
      throw new UsageError(
        `The saved state has ${name} ${JSON.stringify(found[name])}, this run has ${JSON.stringify(value)}.`,
      );
    }
  }
  if (!(Number.isSafeInteger(state.step) && state.step >= 0 && state.step <= steps)) {
    throw new UsageError(`The saved state has step ${state.step}, expected 0 … ${steps}.`);
  }
}

/**
 * Refuses sizes that are no positive whole numbers.
 *
 * @param stage Name of the stage, for the message.
 * @throws {UsageError} naming the first such size and its value.
 */
export function checkSizes(stage: string, sizes: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(sizes)) {
    if (!(Number.isSafeInteger(value) && value > 0)) {
      throw new UsageError(`Stage "${stage}": ${name} is ${value}, expected a positive whole number.`);
    }
  }
}
