import assert from "node:assert/strict";
import { cacheBytes, type CacheShape } from "../../../../kernels/webgpu/ops/decode/cache.ts";
import { cachedAttention, plainTile } from "../../../../kernels/webgpu/ops/decode/cached_attention.ts";
import {
  suitsTensorCache,
  TENSOR_TILE,
  tensorCachedAttention,
} from "../../../../kernels/webgpu/ops/decode/cached_attention_tensor.ts";
import { mergeSplits } from "../../../../kernels/webgpu/ops/decode/merge_splits.ts";
import { NO_SLOT } from "../../../../kernels/webgpu/ops/decode/rows.ts";
import { bytesOf } from "../../../../kernels/webgpu/ops/kernel.ts";
import { emulatedTensorDevice } from "../tensor_emulation.ts";
import { Bench } from "../support.ts";

/** A row's slot and position. */
type Row = readonly [slot: number, position: number];

/** Each with a slot of its own; the last row has none. */
const SINGLE: readonly Row[] = [[1, 0], [0, 299], [2, 130], [NO_SLOT, 5]];

/** Tiles of rows that share a slot, each filled up with rows that have none; the last tile is empty. */
function inTiles(tile: number): Row[] {
  const tiles = [[1, 0, 1], [0, 300 - tile, tile], [2, 125, Math.ceil(tile / 2)], [0, 0, 0]] as const;
  return tiles.flatMap(([slot, first, count]) =>
    Array.from({ length: tile }, (_, i): Row => i < count ? [slot, first + i] : [NO_SLOT, 5])
  );
}

const CAPACITY = 300;

const SHAPES = [
  { heads: 6, keyValueHeads: 2, headSize: 64 },
  { heads: 5, keyValueHeads: 1, headSize: 12 },
];

/** softmax(q·kᵀ/√d)·v of every row in 64 bits; keys and values as the cache stores them. */
function reference(
  { heads, keyValueHeads, headSize, capacity }: CacheShape,
  rows: readonly Row[],
  queries: Float32Array,
  keys: Float32Array,
  values: Float32Array,
): Float32Array {
  const stride = Math.ceil(headSize / 8) * 8;
  const output = new Float32Array(rows.length * heads * headSize);
  for (const [row, [slot, position]] of rows.entries()) {
    if (slot === NO_SLOT) continue;
    for (let head = 0; head < heads; head++) {
      const base = (slot * keyValueHeads + Math.floor(head * keyValueHeads / heads)) * capacity;
      const own = queries.subarray((row * heads + head) * headSize, (row * heads + head + 1) * headSize);
      const chances = Array.from({ length: position + 1 }, (_, at) => {
        const score = own.reduce((sum, q, i) => sum + q * (keys[(base + at) * stride + i] ?? NaN), 0);
        return Math.exp(score / Math.sqrt(headSize));
      });
      const total = chances.reduce((a, b) => a + b, 0);
      for (let i = 0; i < headSize; i++) {
        output[(row * heads + head) * headSize + i] = chances.reduce((sum, chance, at) =>
          sum + chance * (values[(base + at) * stride + i] ?? NaN), 0) / total;
      }
    }
  }
  return output;
}

/** Runs a kernel, with its merge where positions are split, and compares. */
async function check(
  bench: Bench,
  attend: typeof cachedAttention,
  shape: CacheShape,
  rows: readonly Row[],
  { tile, splits, device = bench.device, tolerance }: {
    readonly tile: number;
    readonly splits: number;
    readonly device?: typeof bench.device;
    readonly tolerance?: number;
  },
) {
  const { element, heads, headSize } = shape;
  const count = cacheBytes(shape) / bytesOf(element);
  const keys = bench.rounded(bench.random(count), element);
  const values = bench.rounded(bench.random(count), element);
  const queries = bench.random(rows.length * heads * headSize);
  const buffers = {
    rows: bench.buffer(Uint32Array.from(rows.flatMap(([slot, position]) => [0, slot, position, 0]))),
    queries: bench.buffer(queries, "f32"),
    keys: bench.buffer(keys, element),
    values: bench.buffer(values, element),
    output: bench.poisoned(queries.length, "f32"),
    parts: bench.poisoned(splits * queries.length, "f32"),
    partSums: bench.poisoned(2 * splits * rows.length * heads, "f32"),
  };
  const size = { rows: rows.length, tile, splits };
  bench.run(await attend(device, "attention", shape, size, buffers));
  if (splits > 1) bench.run(await mergeSplits(bench.device, "merge", shape, size, buffers));
  const expected = reference(shape, rows, queries, keys, values);
  await bench.assertHolds(buffers.output, expected, "output", "f32", tolerance);
}

const COMMON = { slots: 3, capacity: CAPACITY, normEpsilon: 1e-5 } as const;

for (const element of ["f32", "f16"] as const) {
  for (const heads of SHAPES) {
    for (const splits of [1, 4]) {
      const shape: CacheShape = { ...heads, ...COMMON, element, queryKeyNorm: "none" };
      const name = `${heads.heads} heads of ${heads.headSize}, ${splits} splits (${element})`;
      Deno.test(`cachedAttention() is a softmax over the row's slot: ${name}`, async () => {
        using bench = await Bench.open("f32");
        await check(bench, cachedAttention, shape, SINGLE, { tile: 1, splits });
      });
    }
  }
  for (const splits of [1, 4]) {
    Deno.test(`cachedAttention() takes tiles of rows that share a slot: ${splits} splits (${element})`, async () => {
      using bench = await Bench.open("f32");
      // A software adapter takes long to compile many queries of large heads.
      const heads = { heads: 4, keyValueHeads: 2, headSize: 20 };
      const shape: CacheShape = { ...heads, ...COMMON, element, queryKeyNorm: "none" };
      const tile = plainTile(shape);
      assert.equal(tile, 4);
      await check(bench, cachedAttention, shape, inTiles(tile), { tile, splits });
    });
  }
}

for (const splits of [1, 4]) {
  Deno.test(`tensorCachedAttention() is a softmax over the tile's slot, on emulated subgroup matrices: ${splits} splits`, async () => {
    using bench = await Bench.open("f16");
    const device = emulatedTensorDevice(bench.device);
    const sizes = { heads: 4, keyValueHeads: 2, headSize: 32, element: "f16" } as const;
    const shape: CacheShape = { ...sizes, ...COMMON, queryKeyNorm: "after rope" };
    assert.ok(suitsTensorCache(device, shape));
    await check(bench, tensorCachedAttention, shape, inTiles(TENSOR_TILE), {
      tile: TENSOR_TILE,
      splits,
      device,
    });
  });
}
