/**
 * How promoted tasks read a flag's value.
 * @module
 */
import { InvalidArgumentError } from "commander";

/**
 * A number.
 *
 * @throws {InvalidArgumentError} for text that is none.
 */
export function numberFlag(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("expected a number.");
}
