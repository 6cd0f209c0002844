import assert from "node:assert/strict";
import fc from "fast-check";
import { batchMemory } from "../../../../kernels/wasm/memory/batch.ts";
import { influenceMemory } from "../../../../kernels/wasm/memory/influence.ts";
import { modelMemory } from "../../../../kernels/wasm/memory/model.ts";
import type { BatchShape, TransformerShape } from "../../../../kernels/wasm/shape.ts";

const SHAPE: TransformerShape = {
  vocabularySize: 37,
  width: 24,
  layers: 2,
  heads: 4,
  keyValueHeads: 2,
  headSize: 8,
  feedForwardWidth: 20,
  ropeTheta: 1e4,
  ropeScaling: null,
  normEpsilon: 1e-5,
  queryKeyNorm: "after rope",
  tiedEmbeddings: true,
};

Deno.test("influenceMemory() gives each buffer a place of its own behind the batch, which holds whole logits", () => {
  const model = modelMemory(SHAPE);
  fc.assert(fc.property(
    fc.record({
      sequences: fc.integer({ min: 1, max: 20 }),
      length: fc.integer({ min: 1, max: 90 }),
      workers: fc.integer({ min: 1, max: 5 }),
      vectors: fc.integer({ min: 0, max: 3 }),
      tensors: fc.constantFrom("all" as const, "embedding and head" as const),
    }),
    ({ sequences, length, workers, vectors, tensors }) => {
      const batch: BatchShape = {
        sequences,
        length,
        training: true,
        teacher: "none",
        teacherWidth: 0,
        wholeLogits: true,
      };
      const memory = batchMemory(SHAPE, model, batch, { workers });
      assert.ok(memory.logitRows >= memory.rows);
      const influence = influenceMemory(SHAPE, model, batch, memory, { tensors, vectors }, { workers });
      const places = [
        ...influence.vectors.flatMap(({ values, panels, rowWeights }) => [values, ...panels, ...rowWeights]),
        ...influence.scratch.flatMap((scratch) => Object.values(scratch)),
        influence.results,
        influence.tokenGradients,
      ];
      assert.equal(new Set(places).size, places.length);
      assert.ok(places.every((place) => place >= memory.end && place < influence.end && place % 64 === 0));
      assert.equal(influence.resultCount, (vectors + 1) * sequences * influence.groups.length);
    },
  ));
});

Deno.test("batchMemory() holds whole logits beyond its usual chunk where a batch asks for them", () => {
  const shape = { ...SHAPE, vocabularySize: 100_000 };
  const batch: BatchShape = { sequences: 4, length: 100, training: true, teacher: "none", teacherWidth: 0 };
  const rows = (wholeLogits: boolean) =>
    batchMemory(shape, modelMemory(shape), { ...batch, wholeLogits }, { workers: 1 }).logitRows;
  assert.ok(rows(false) < 400);
  assert.equal(rows(true), 400);
});
