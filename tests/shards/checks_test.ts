import assert from "node:assert/strict";
import { UsageError } from "../../lib/core/errors.ts";
import { checkBatchSourceState, checkSizes } from "../../lib/shards/checks.ts";

const state = { stage: "sft", seed: 1, step: 2, fingerprint: { length: 8, shards: "ab" } };

Deno.test("checkBatchSourceState() accepts equal states at any step there is", () => {
  for (const step of [0, 2, 9]) checkBatchSourceState({ ...state, step }, state, 9);
});

Deno.test("checkBatchSourceState() names what differs, or is missing", () => {
  assert.throws(
    () => checkBatchSourceState({ ...state, fingerprint: { length: 8, shards: "cd" } }, state, 9),
    new UsageError('The saved state has shards "cd", this run has "ab".'),
  );
  assert.throws(
    () => checkBatchSourceState({ ...state, fingerprint: { length: 8 } }, state, 9),
    new UsageError('The saved state has shards undefined, this run has "ab".'),
  );
});

Deno.test("checkSizes() names the first size that is no positive whole number", () => {
  checkSizes("sft", { length: 1, steps: 5 });
  for (const value of [0, -1, 1.5, NaN, Infinity]) {
    assert.throws(
      () => checkSizes("sft", { length: 1, steps: value, epochs: 0 }),
      new UsageError(`Stage "sft": steps is ${value}, expected a positive whole number.`),
    );
  }
});
