/**
 * Random samples of streams.
 * @module
 */
import type { Random } from "../core/random.ts";

/**
 * A random sample of a stream of unknown length, its size bounded (Vitter, 1985, algorithm R).
 *
 * @example
 * ```ts
 * import { Reservoir } from "./reservoir.ts";
 * import { Random } from "../core/random.ts";
 * import assert from "node:assert/strict";
 * const reservoir = new Reservoir<number>(2, Random.of(1, "example"));
 * for (let i = 0; i < 100; i++) reservoir.offer(() => i);
 * assert.equal(reservoir.items.length, 2);
 * ```
 */
export class Reservoir<Item> {
  readonly items: Item[] = [];
  #seen = 0;

  constructor(private readonly size: number, private readonly random: Random) {}

  /** The stream's next item; it is made only where it is taken. */
  offer(make: () => Item): void {
    const place = this.items.length < this.size
      ? this.items.length
      : this.random.below(this.#seen, this.#seen + 1);
    this.#seen++;
    if (place < this.size) this.items[place] = make();
  }
}
