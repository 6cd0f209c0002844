import assert from "node:assert/strict";
import { DocumentLoader } from "../../../lib/mixture/validation/document_loader.ts";

const DOCUMENTS = [[1, 2, 3, 4, 5], [6, 7], [8, 9, 10]].map((ids) => Uint32Array.from(ids));
const OPTIONS = { documents: DOCUMENTS, seed: 1, length: 3, sequencesPerBatch: 2, steps: 3 };

/** Inputs and targets of each row, without what is filled up. */
function rows(loader: DocumentLoader): { tokens: number[]; targets: number[] }[] {
  return Array.from({ length: loader.steps }, (_, step) => {
    const { sequences, length, tokens, targets, weights } = loader.batch(step);
    return Array.from({ length: sequences }, (_, row) => {
      const own = Array.from({ length }, (_, i) => row * length + i).filter((i) => weights?.[i] === 1);
      return { tokens: own.map((i) => tokens[i] ?? NaN), targets: own.map((i) => targets[i] ?? NaN) };
    });
  }).flat();
}

Deno.test("DocumentLoader gives every document once an epoch, cut to the length, in an order of each epoch", () => {
  const expected = [
    { tokens: [1, 2, 3], targets: [2, 3, 4] },
    { tokens: [6], targets: [7] },
    { tokens: [8, 9], targets: [9, 10] },
  ];
  const sorted = (values: { tokens: number[] }[]) =>
    values.toSorted((a, b) => (a.tokens[0] ?? 0) - (b.tokens[0] ?? 0));
  const found = rows(new DocumentLoader(OPTIONS));
  assert.deepEqual(sorted(found.slice(0, 3)), expected);
  assert.deepEqual(sorted(found.slice(3)), expected);
  const orders = new Set(
    Array.from({ length: 20 }, (_, seed) => JSON.stringify(rows(new DocumentLoader({ ...OPTIONS, seed })))),
  );
  assert.ok(orders.size > 5, `${orders.size} orders in 20 seeds`);
});

Deno.test("DocumentLoader pads every batch to one shape", () => {
  const loader = new DocumentLoader({ ...OPTIONS, length: 8 });
  for (let step = 0; step < loader.steps; step++) {
    const batch = loader.batch(step);
    assert.deepEqual([batch.sequences, batch.length, batch.tokens.length], [2, 8, 16]);
  }
  assert.throws(() => loader.batch(3), RangeError);
});

Deno.test("DocumentLoader.checkState() refuses other documents", () => {
  const loader = new DocumentLoader(OPTIONS);
  loader.checkState(loader.state(2));
  const other = new DocumentLoader({ ...OPTIONS, documents: DOCUMENTS.slice(1) });
  assert.throws(() => loader.checkState(other.state(2)), /The saved state has documents/);
});

Deno.test("DocumentLoader refuses nothing to train on", () => {
  assert.throws(() => new DocumentLoader({ ...OPTIONS, documents: [] }), {
    name: "UsageError",
    message: "There are no documents to train on.",
  });
  assert.throws(() => new DocumentLoader({ ...OPTIONS, documents: [...DOCUMENTS, Uint32Array.of(1)] }), {
    name: "UsageError",
    message: "Document 3 has 1 tokens, expected at least 2.",
  });
  assert.throws(() => new DocumentLoader({ ...OPTIONS, steps: 0 }), { name: "UsageError" });
});
