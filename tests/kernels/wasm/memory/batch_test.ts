import assert from "node:assert/strict";
import fc from "fast-check";
import { MEMORY_LIMIT, MemoryLimitError } from "../../../../kernels/wasm/memory/arena.ts";
import { type BatchMemory, batchMemory } from "../../../../kernels/wasm/memory/batch.ts";
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
  queryKeyNorm: "before rope, weighted",
  tiedEmbeddings: true,
};
const BATCH: BatchShape = { sequences: 2, length: 9, training: true, teacher: "none", teacherWidth: 0 };

/** Addresses of everything that a training pass writes, once each. */
function addresses(memory: BatchMemory): number[] {
  const {
    layers,
    scratch,
    normParts,
    headNormParts,
    rows: _,
    rowBlock: _1,
    logitRows: _2,
    logitStride: _3,
    teacherStride: _4,
    end: _5,
    ...rest
  } = memory;
  return [
    ...layers.flatMap((layer) => Object.values(layer)),
    ...scratch.flatMap((s) => Object.values(s)),
    ...normParts,
    ...headNormParts.flatMap(({ query, key }) => [query, key]),
    ...Object.values(rest),
  ];
}

Deno.test("batchMemory() gives each buffer of a training pass a place of its own behind the model", () => {
  const model = modelMemory(SHAPE);
  fc.assert(fc.property(
    fc.record({
      sequences: fc.integer({ min: 1, max: 50 }),
      length: fc.integer({ min: 1, max: 90 }),
      workers: fc.integer({ min: 1, max: 5 }),
    }),
    ({ sequences, length, workers }) => {
      const batch: BatchShape = { sequences, length, training: true, teacher: "top", teacherWidth: 3 };
      const places = addresses(batchMemory(SHAPE, model, batch, { workers }));
      assert.equal(new Set(places).size, places.length);
      assert.ok(places.every((place) => place >= model.end && place % 64 === 0));
    },
  ));
});

Deno.test("batchMemory() shares the layers' buffers where nothing is kept for a backward pass", () => {
  const model = modelMemory(SHAPE);
  const { layers, last } = batchMemory(SHAPE, model, { ...BATCH, training: false }, { workers: 1 });
  assert.equal(layers[0], layers[1]);
  assert.equal(last, layers[0]?.x);
});

Deno.test("batchMemory() has the same row blocks for any number of workers", () => {
  const model = modelMemory(SHAPE);
  const blocks = [1, 2, 7].map((workers) =>
    batchMemory(SHAPE, model, { ...BATCH, sequences: 100 }, { workers }).rowBlock
  );
  assert.deepEqual(blocks, [40, 40, 40]);
});

Deno.test("batchMemory() says how many sequences would fit into 4 GiB", () => {
  const model = modelMemory(SHAPE);
  const tooLarge = { ...BATCH, sequences: 10_000, length: 1024 };
  let fitting = 0;
  assert.throws(() => batchMemory(SHAPE, model, tooLarge, { workers: 2 }), (error) => {
    assert.ok(error instanceof MemoryLimitError);
    assert.match(
      error.message,
      /^10000 × 1024 tokens on \d+ parameters need \d+\.\d GiB, more than the 4 GiB/,
    );
    fitting = Number(/(\d+) sequences at a time would fit/.exec(error.message)?.[1]);
    return true;
  });
  assert.ok(
    batchMemory(SHAPE, model, { ...tooLarge, sequences: fitting }, { workers: 2 }).end <= MEMORY_LIMIT,
  );
});

Deno.test("batchMemory() says where no batch fits", () => {
  const huge = { ...SHAPE, vocabularySize: 128256, width: 4096 };
  assert.throws(
    () => batchMemory(huge, modelMemory(huge), { ...BATCH, sequences: 1 }, { workers: 1 }),
    /no batch of this length fits/,
  );
});
