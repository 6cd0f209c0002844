import assert from "node:assert/strict";
import fc from "fast-check";
import { MinHeap } from "../../lib/tokenizer/min_heap.ts";

Deno.test("pop() gives the smallest number, and undefined when none is left", () => {
  const heap = new MinHeap();
  assert.equal(heap.pop(), undefined);
  for (const value of [3, 1, 2, 1]) heap.push(value);
  assert.deepEqual([heap.pop(), heap.pop(), heap.pop(), heap.pop(), heap.pop()], [1, 1, 2, 3, undefined]);
});

Deno.test("push() and pop() in any order agree with a sorted array", () => {
  const operation = fc.option(fc.integer(), { nil: "pop" as const, freq: 3 });
  fc.assert(fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
    const heap = new MinHeap();
    const sorted: number[] = [];
    for (const value of operations) {
      if (value === "pop") assert.equal(heap.pop(), sorted.shift());
      else {
        heap.push(value);
        sorted.push(value);
        sorted.sort((a, b) => a - b);
      }
    }
  }));
});
