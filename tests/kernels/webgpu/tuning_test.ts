/** Choices of tiles, and their cache. */
import assert from "node:assert/strict";
import { productTiles } from "../../../kernels/webgpu/tiles.ts";
import {
  choicesFor,
  expectedMicroseconds,
  productKey,
  readTuning,
  writeTuning,
} from "../../../kernels/webgpu/tuning.ts";

Deno.test("choicesFor() splits k where C has too few tiles to fill a device", () => {
  const [thin] = choicesFor({ m: 576, n: 576, k: 8192 }, "tensor");
  assert.ok(thin && thin.split > 1);
  const [square] = choicesFor({ m: 4096, n: 4096, k: 4096 }, "tensor");
  assert.deepEqual(square, { tile: "tensor 128x128x32 64x64", split: 1 });
});

Deno.test("choicesFor() avoids tiles that stall while C is read", () => {
  const head = { m: 128256, n: 576, k: 1024 };
  assert.equal(choicesFor(head, "tensor")[0]?.tile, "tensor 192x192x32 96x48");
  assert.equal(choicesFor({ ...head, accumulate: true }, "tensor")[0]?.tile, "tensor 128x128x32 64x64");
});

Deno.test("choicesFor() lists each kernel's own tiles, and no split beyond the limit", () => {
  const choices = choicesFor({ m: 64, n: 64, k: 65536 }, "vector", 4);
  assert.ok(choices.every(({ tile }) => tile.startsWith("vector ")));
  assert.equal(Math.max(...choices.map(({ split }) => split)), 4);
});

Deno.test("expectedMicroseconds() grows with k and falls with a tile's rate", () => {
  const rated = productTiles.get("tensor 128x128x32 64x64");
  assert.ok(rated);
  const at = (k: number) => expectedMicroseconds({ m: 1024, n: 1024, k }, rated, 1);
  assert.ok(at(2048) > at(1024));
  assert.ok(expectedMicroseconds({ m: 1024, n: 1024, k: 1024 }, { ...rated, rate: 0.5 }, 1) > at(1024));
});

Deno.test("readTuning() returns what writeTuning() cached, without tiles that no longer exist", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const [half, f32] = [{ type: "f16" }, { type: "f32" }];
    const key = productKey({
      m: 1,
      n: 2,
      k: 3,
      transposeA: true,
      transposeB: false,
      a: half,
      b: half,
      c: f32,
    });
    assert.equal(key, "1x2x3 TN f16 f16 f32");
    const choice = { tile: "tensor 64x64x32 32x32", split: 2 };
    const products = { [key]: choice, other: { tile: "gone", split: 1 } };
    await writeTuning({ adapter: "Some GPU (rev. 2)", products }, folder);
    assert.deepEqual(await readTuning("Some GPU (rev. 2)", folder), {
      adapter: "Some GPU (rev. 2)",
      products: { [key]: choice },
    });
    assert.deepEqual(await readTuning("Other GPU", folder), { adapter: "Other GPU", products: {} });
    await Deno.writeTextFile(`${folder}/broken.json`, "{");
    assert.deepEqual(await readTuning("broken", folder), { adapter: "broken", products: {} });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
