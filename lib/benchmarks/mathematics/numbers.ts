/**
 * Whole numbers, decimals and plain fractions, compared without a computer algebra system.
 * @module
 */

/** Longer numerals are left to the computer algebra system. */
const MOST_DIGITS = 200;

const THOUSANDS = /^[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$/;
/** Sign, whole part, decimals, denominator. */
const NUMERAL = /^([-+]?)(\d*)(?:\.(\d+))?(?:\/(\d+))?$/;
/** \frac{12}{5}, \frac{1}5, \frac1{10} and \frac12, with their sign. */
const FRACTION = /^([-+]?)\\frac(\{\d+\}|\d)(\{\d+\}|\d)$/;

/** A fraction of whole numbers, not reduced. */
export interface Fraction {
  readonly numerator: bigint;
  /** Not 0. */
  readonly denominator: bigint;
}

/**
 * Reads "-12", "3.50", "3/4", "\frac{3}{4}", "-\frac34" or "$1,200"; undefined for anything else.
 *
 * @example
 * ```ts
 * import { fractionOf } from "./numbers.ts";
 * import assert from "node:assert/strict";
 * assert.deepEqual(fractionOf(String.raw`-\frac34`), { numerator: -3n, denominator: 4n });
 * assert.equal(fractionOf("2x"), undefined);
 * ```
 */
export function fractionOf(text: string): Fraction | undefined {
  const compact = text.replaceAll(/[\s$]/g, "");
  if (compact.length > MOST_DIGITS) return undefined;
  const [, sign, whole, decimals = "", below = "1"] = THOUSANDS.test(compact)
    ? NUMERAL.exec(compact.replaceAll(",", "")) ?? []
    : NUMERAL.exec(compact.replace(FRACTION, "$1$2/$3").replaceAll(/[{}]/g, "")) ?? [];
  if (whole === undefined || (whole + decimals) === "" || BigInt(below) === 0n) return undefined;
  const digits = BigInt(whole + decimals);
  return {
    numerator: sign === "-" ? -digits : digits,
    denominator: 10n ** BigInt(decimals.length) * BigInt(below),
  };
}

/** Whether two numbers are equal: whole ones exactly, others where they differ by less than 10⁻⁹ of the larger. */
export function equalFractions(a: Fraction, b: Fraction): boolean {
  const [x, y] = [a.numerator * b.denominator, b.numerator * a.denominator];
  if (a.denominator === 1n && b.denominator === 1n) return x === y;
  return magnitude(x - y) * 1_000_000_000n <= (magnitude(x) > magnitude(y) ? magnitude(x) : magnitude(y));
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}
