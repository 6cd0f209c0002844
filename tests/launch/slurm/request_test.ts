import fc from "fast-check";
import assert from "node:assert/strict";
import { taskCount } from "../../../lib/launch/slurm/answers.ts";
import { ranges } from "../../../lib/launch/slurm/request.ts";

Deno.test("ranges() names the numbers, and taskCount() counts them again", () => {
  assert.equal(ranges([7]), "7");
  assert.equal(ranges([0, 1, 3, 4, 5, 9]), "0-1,3-5,9");
  fc.assert(fc.property(fc.uniqueArray(fc.nat(99), { minLength: 1 }), (numbers) => {
    const sorted = numbers.toSorted((a, b) => a - b);
    const text = ranges(sorted);
    const named = text.split(",").flatMap((range) => {
      const [first = 0, last = first] = range.split("-").map(Number);
      return Array.from({ length: last - first + 1 }, (_, i) => first + i);
    });
    assert.deepEqual(named, sorted);
    assert.equal(taskCount({ waiting: text }), sorted.length);
  }));
});

Deno.test("taskCount() counts what Slurm tells of a long list, and one task without a list", () => {
  assert.equal(taskCount({ waiting: "1,3-5,..." }), 4);
  assert.equal(taskCount({ waiting: "" }), 1);
});
