import assert from "node:assert/strict";
import { createTfjsBackend } from "../../lib/backends/tfjs.ts";
import { UsageError } from "../../lib/core/errors.ts";
import { initialise } from "../../lib/model/initialise.ts";
import { hiddenStatesOf, rankMe, rankMeOf } from "../../lib/train/rank_me.ts";
import { singularValues } from "../../lib/train/singular_values.ts";
import { randomBatch, SMALL_MODEL, start } from "../backends/small_model.ts";

/**
 * From numpy 2.4: i, j = np.arange(n)[:, None], np.arange(d); z = np.sin(1.7*i + 0.3*j*j + 0.01*i*j*j) * 1.3**-j;
 * s = np.linalg.svd(z, compute_uv=False); p = s/s.sum() + 1e-7; np.exp(-(p*np.log(p)).sum()), s[0], s[-1]
 */
const GOLDEN = [
  { rows: 60, columns: 12, rank: 7.913538245232178, largest: 6.775449723026297, least: 0.3114658245408108 },
  { rows: 7, columns: 20, rank: 3.458489979419898, largest: 2.4941582643220457, least: 0.007928058299664763 },
];

Deno.test("rankMe() and singularValues() equal numpy's", () => {
  for (const { rows, columns, rank, largest, least } of GOLDEN) {
    const matrix = Array.from({ length: rows * columns }, (_, at) => {
      const i = Math.floor(at / columns), j = at % columns;
      return Math.sin(1.7 * i + 0.3 * j * j + 0.01 * i * j * j) * 1.3 ** -j;
    });
    const values = singularValues(matrix, rows, columns);
    assert.ok(Math.abs(rankMe(values) / rank - 1) < 1e-12);
    assert.ok(Math.abs((values[0] as number) / largest - 1) < 1e-12);
    assert.ok(Math.abs((values.at(-1) as number) / least - 1) < 1e-10);
  }
});

Deno.test("hiddenStatesOf() is what the head reads: times the embedding, it gives the logits", async () => {
  const weights = initialise(SMALL_MODEL, 1), batch = randomBatch(1, 2, 5);
  await using backend = await start(await createTfjsBackend(SMALL_MODEL), weights);
  const { width, vocabularySize } = SMALL_MODEL;
  const hidden = hiddenStatesOf({ config: SMALL_MODEL, weights }, batch);
  (await backend.logits(batch)).forEach((logit, i) => {
    const row = Math.floor(i / vocabularySize) * width, id = i % vocabularySize * width;
    let sum = 0;
    for (let d = 0; d < width; d++) sum += (hidden[row + d] as number) * (weights[id + d] as number);
    assert.ok(Math.abs(sum - logit) < 1e-4);
  });
});

Deno.test("rankMeOf() counts positions with a target only, up to the number wanted", () => {
  const model = { config: SMALL_MODEL, weights: initialise(SMALL_MODEL, 1) };
  const { weights: _, ...batch } = randomBatch(1, 2, 8);
  const probe = { name: "code", batches: [batch, batch] };
  const all = rankMeOf(model, probe);
  assert.deepEqual([all.probe, all.rows, all.width], ["code", 32, SMALL_MODEL.width]);
  assert.ok(all.rankMe > 1 && all.rankMe <= 16.01, `${all.rankMe}`);
  assert.equal(rankMeOf(model, probe, 10).rows, 10);
  const one = { ...batch, weights: new Float32Array(16).fill(1, 3, 4) };
  assert.ok(Math.abs(rankMeOf(model, { name: "one", batches: [one] }).rankMe - 1) < 1e-4);
  const none = { ...batch, weights: new Float32Array(16) };
  assert.throws(() => rankMeOf(model, { name: "none", batches: [none] }), UsageError);
});
