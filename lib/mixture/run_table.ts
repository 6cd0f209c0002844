/**
 * Runs as a table: which mixture each trained on, and which losses came of it. What a regression fits and a comparison compares.
 * @module
 */
import { UsageError } from "../core/errors.ts";

/** One trained model. */
export interface MeasuredRun {
  /** Of its mixture; runs that share it differ in their seed alone. */
  readonly name: string;
  /** How the mixture came about; null: unknown. */
  readonly method: string | null;
  /** null: not said, and then the only one of its mixture. */
  readonly seed: number | null;
  /** Shares [sources], which sum to 1. */
  readonly weights: readonly number[];
  /** Losses at the end of training, in nats per token [probes]. */
  readonly losses: readonly number[];
}

/** Runs that differ in data and seed alone. */
export interface RunTable {
  readonly sources: readonly string[];
  readonly probes: readonly string[];
  readonly runs: readonly MeasuredRun[];
  /** Where they come from, for messages and mixture files. */
  readonly origin: string;
  /** Tokenizer whose tokens the shares count; null: unknown. */
  readonly tokenizer: string | null;
  /** Tokens that each run trained on; null: unknown. */
  readonly tokenBudget: number | null;
}

/**
 * Runs of one mixture, in the order in which mixtures first come up.
 *
 * @throws {UsageError} where two runs of one name have different shares.
 */
export function runsByMixture(table: RunTable): MeasuredRun[][] {
  const groups = [...Map.groupBy(table.runs, ({ name }) => name).values()];
  for (const [first, ...others] of groups) {
    const other = others.find(({ weights }) =>
      weights.some((weight, j) => Math.abs(weight - (first?.weights[j] ?? 0)) > 1e-9)
    );
    if (other !== undefined) {
      throw new UsageError(
        `${table.origin}: the mixture "${other.name}" has different shares in two of its runs.`,
      );
    }
  }
  return groups;
}

/** How far shares may be from their whole before that counts as a mistake, as in mixture files. */
const SUM_TOLERANCE = 0.01;

/**
 * Shares that sum to 1.
 *
 * @param wholes What they may sum to, give or take 1%: 1, or 100 for percentages.
 * @param place Where they stand, for messages.
 * @throws {UsageError} where they sum to something else.
 */
export function normaliseShares(
  shares: readonly number[],
  wholes: readonly number[],
  place: string,
): number[] {
  const sum = shares.reduce((total, share) => total + share, 0);
  if (!wholes.some((whole) => Math.abs(sum / whole - 1) <= SUM_TOLERANCE)) {
    throw new UsageError(
      `${place} has shares that sum to ${sum}, expected ${wholes.join(" or ")} within 1%.`,
    );
  }
  return shares.map((share) => share / sum);
}
