import assert from "node:assert/strict";
import fc from "fast-check";
import { createWasmInfluence } from "../../lib/backends/wasm_influence.ts";
import { UsageError } from "../../lib/core/errors.ts";
import { initialise } from "../../lib/model/initialise.ts";
import { documentBatches } from "../../lib/mixture/documents.ts";
import { SMALL_MODEL } from "../backends/small_model.ts";

Deno.test("documentBatches() holds each document's first tokens, in order", () => {
  const documents = fc.array(
    fc.uint32Array({ minLength: 2, maxLength: 12, max: 99 }),
    { minLength: 1, maxLength: 10 },
  );
  const sizes = fc.integer({ min: 1, max: 15 });
  fc.assert(fc.property(documents, sizes, sizes, (documents, length, sequences) => {
    const { batches, tokens } = documentBatches(documents, length, sequences);
    const found = batches.flatMap((batch) =>
      Array.from({ length: batch.sequences }, (_, row) => {
        const at = row * batch.length;
        const count = batch.weights?.subarray(at, at + batch.length).reduce((a, b) => a + b, 0) ?? NaN;
        assert.deepEqual(batch.tokens.slice(at + 1, at + count), batch.targets.slice(at, at + count - 1));
        return [...batch.tokens.slice(at, at + count), batch.targets[at + count - 1] ?? NaN];
      })
    );
    assert.deepEqual(found, documents.map((document) => [...document.slice(0, length + 1)]));
    assert.deepEqual(tokens, found.map((ids) => ids.length - 1));
  }));
});

Deno.test("documentBatches() fills up without changing a document's gradient", async () => {
  await using backend = await createWasmInfluence(SMALL_MODEL, "all", { workers: 1 });
  await backend.load(initialise(SMALL_MODEL, 1));
  const documents = [Uint32Array.of(1, 2, 3, 4, 5, 6, 7), Uint32Array.of(9, 8, 7)];
  const norms = async (sequences: number) => {
    const all: number[] = [];
    for (const batch of documentBatches(documents, 16, sequences).batches) {
      all.push(...(await backend.sequenceProductsAndNorms(batch, [])).squaredNorms);
    }
    return all;
  };
  const [alone, together] = [await norms(1), await norms(2)];
  const largest = Math.max(...alone);
  alone.forEach((norm, i) => assert.ok(Math.abs(norm - (together[i] ?? NaN)) <= 1e-6 * largest));
});

Deno.test("documentBatches() refuses a document without a target", () => {
  assert.throws(() => documentBatches([Uint32Array.of(1, 2), Uint32Array.of(3)], 8, 2), (error) => {
    assert.ok(error instanceof UsageError);
    assert.equal(error.message, "Influence: document 1 has 1 tokens, expected at least 2.");
    return true;
  });
});
