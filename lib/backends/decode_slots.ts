/**
 * What the slots of a decoder hold, as its caller sees it.
 * @module
 */
import { UsageError } from "../core/errors.ts";

/** Positions of each slot, and whether its logits are those after its last token. */
export class DecodeSlots {
  readonly #lengths: number[];
  readonly #ready: boolean[];

  constructor(count: number) {
    this.#lengths = Array.from({ length: count }, () => 0);
    this.#ready = Array.from({ length: count }, () => false);
  }

  /** @throws {UsageError} for a slot that there is none of. */
  length(slot: number): number {
    const length = this.#lengths[slot];
    if (length === undefined) {
      throw new UsageError(`Slot is ${slot}, expected 0 … ${this.#lengths.length - 1}.`);
    }
    return length;
  }

  /** Whether a token can be drawn from it. */
  ready(slot: number): boolean {
    return this.length(slot) > 0 && this.#ready[slot] === true;
  }

  /** @throws {UsageError} where none can. */
  requireReady(slot: number): void {
    if (!this.ready(slot)) throw new UsageError(`Slot ${slot} has no logits, expected a prefill before.`);
  }

  /** It holds so many positions now. */
  set(slot: number, length: number, ready: boolean): void {
    this.#lengths[slot] = length;
    this.#ready[slot] = ready;
  }

  /** Forgets positions from `length` on, and the logits. @throws {UsageError} for a length that it does not hold. */
  truncate(slot: number, length: number): void {
    const own = this.length(slot);
    if (!Number.isSafeInteger(length) || length < 0 || length > own) {
      throw new UsageError(`Slot ${slot} is to keep ${length} positions, expected 0 to ${own}.`);
    }
    this.set(slot, length, false);
  }

  /** Empties all. */
  clear(): void {
    this.#lengths.fill(0);
    this.#ready.fill(false);
  }
}
