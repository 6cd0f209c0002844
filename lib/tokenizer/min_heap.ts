/**
 * A binary heap of numbers.
 * @module
 */

/** Numbers that come out smallest first; pushing and popping take O(log n). */
export class MinHeap {
  readonly #items: number[] = [];

  /** Adds a number. */
  push(value: number): void {
    const items = this.#items;
    let place = items.length;
    items.push(value);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = items[parent] ?? -Infinity;
      if (above <= value) break;
      items[place] = above;
      place = parent;
    }
    items[place] = value;
  }

  /** Takes the smallest number out; undefined where none is left. */
  pop(): number | undefined {
    const items = this.#items;
    const smallest = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) return smallest;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= items.length) break;
      if ((items[child + 1] ?? Infinity) < (items[child] ?? Infinity)) child++;
      const below = items[child] ?? Infinity;
      if (below >= last) break;
      items[place] = below;
      place = child;
    }
    items[place] = last;
    return smallest;
  }
}
