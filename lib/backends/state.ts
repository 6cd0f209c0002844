/**
 * States of training: the first one, and what every backend asks of one before it takes it.
 * @module
 */
import { UsageError } from "../core/errors.ts";
import { type ModelConfig, parameterCount } from "../model/config.ts";
import type { TrainState } from "./backend.ts";

/** The arrays of a state, each with an entry for every parameter. */
export const STATE_ARRAYS = ["weights", "firstMoment", "secondMoment"] as const;

/** The state before the first update: weights, and moments of 0. */
export function freshState(weights: Float32Array): TrainState {
  const zeros = () => new Float32Array(weights.length);
  return { step: 0, weights, firstMoment: zeros(), secondMoment: zeros() };
}

/** @throws {UsageError} naming an array of another length than the model has parameters. */
export function checkState(config: ModelConfig, state: TrainState): void {
  const expected = parameterCount(config);
  for (const name of STATE_ARRAYS) {
    if (state[name].length !== expected) {
      throw new UsageError(
        `State: ${name} has ${state[name].length} entries, expected ${expected} parameters.`,
      );
    }
  }
}
