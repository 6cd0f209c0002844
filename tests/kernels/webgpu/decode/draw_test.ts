import assert from "node:assert/strict";
import {
  blockBytes,
  DRAW_LENGTH,
  drawTokens,
  logitBlocks,
  NO_TOKEN,
} from "../../../../kernels/webgpu/ops/decode/draw.ts";
import { NO_SLOT } from "../../../../kernels/webgpu/ops/decode/rows.ts";
import { sampleToken } from "../../../../lib/backends/sample.ts";
import { Random } from "../../../../lib/core/random.ts";
import { Bench } from "../support.ts";

const SETTINGS = [
  { temperature: 0 },
  { temperature: 1 },
  { temperature: 0.6, topP: 0.95 },
  { temperature: 1, topK: 5 },
  { temperature: 2, topK: 20, topP: 0.5 },
  { temperature: 5, topP: 0.999 },
  { temperature: 1, topK: 1 },
] as const;

/** Draws with each setting from each slot's logits, `steps` times, and gives ids [steps × rows] and the rows. */
async function draw(
  bench: Bench,
  logits: Float32Array,
  vocabularySize: number,
  rows: Uint32Array,
  settings: readonly { temperature: number; topK?: number; topP?: number }[],
  uniforms: Float32Array,
) {
  const { device } = bench;
  const shape = { rows: settings.length, slots: logits.length / vocabularySize, vocabularySize };
  const buffers = {
    rows: bench.buffer(rows),
    logits: bench.buffer(logits, "f32"),
    settings: bench.buffer(
      Float32Array.from(settings.flatMap(({ temperature, topK = 0, topP = 1 }) => {
        const own = [temperature === 0 ? 0 : 1 / temperature, topP, topK];
        return [...own, ...Array<number>(DRAW_LENGTH - own.length).fill(0)];
      })),
      "f32",
    ),
    uniforms: bench.buffer(uniforms, "f32"),
    blocks: device.buffer("blocks", blockBytes(settings.length)),
    drawn: bench.buffer(new Uint32Array(uniforms.length)),
  };
  const kernels = [
    await logitBlocks(device, "blocks", shape, buffers),
    await drawTokens(device, "draw", shape, buffers),
  ];
  for (let step = 0; step < uniforms.length / settings.length; step++) bench.run(...kernels);
  return {
    drawn: new Uint32Array(await device.read(buffers.drawn)).subarray(0, uniforms.length),
    rows: new Uint32Array(await device.read(buffers.rows)),
  };
}

for (const vocabularySize of [37, 1000, 70_001]) {
  Deno.test(`drawTokens() draws what sampleToken() draws from ${vocabularySize} logits`, async () => {
    using bench = await Bench.open("f32");
    const random = Random.of(1, "draw");
    const [slots, steps] = [3, vocabularySize > 1000 ? 2 : 12];
    const logits = Float32Array.from({ length: slots * vocabularySize }, (_, i) => 3 * random.normal(i));
    // Equal ones, where a threshold may fall.
    logits.fill(4, vocabularySize, vocabularySize + 9);
    const uniforms = Float32Array.from(
      { length: SETTINGS.length * steps },
      (_, i) => random.uniform(1e8 + i),
    );
    const rows = SETTINGS.flatMap((_, row) => [0, row % slots, 7, 0]);
    const result = await draw(bench, logits, vocabularySize, Uint32Array.from(rows), SETTINGS, uniforms);
    const expected = Array.from(uniforms, (uniform, i) => {
      const row = i % SETTINGS.length;
      const first = row % slots * vocabularySize;
      return sampleToken(
        logits.subarray(first, first + vocabularySize),
        SETTINGS[row] ?? SETTINGS[0],
        uniform,
      );
    });
    assert.deepEqual([...result.drawn], expected);
    assert.deepEqual(
      [...result.rows],
      SETTINGS.flatMap((
        _,
        row,
      ) => [expected[(steps - 1) * SETTINGS.length + row], row % slots, 7 + steps, steps]),
    );
  });
}

Deno.test("drawTokens() says where a logit is no number, and leaves other rows alone", async () => {
  using bench = await Bench.open("f32");
  const logits = Float32Array.of(1, NaN, 0, 0, 1, 3, 2, -Infinity, 1);
  const rows = Uint32Array.of(0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, NO_SLOT, 0, 0);
  const settings = [{ temperature: 1 }, { temperature: 0 }, { temperature: 0 }, { temperature: 0 }];
  const { drawn } = await draw(bench, logits, 3, rows, settings, new Float32Array(4));
  assert.deepEqual([...drawn.subarray(0, 3)], [NO_TOKEN, 2, NO_TOKEN]);
});
