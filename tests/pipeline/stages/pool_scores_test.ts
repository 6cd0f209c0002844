import assert from "node:assert/strict";
import type { InfluenceBackend } from "../../../lib/backends/influence.ts";
import { createWasmInfluence } from "../../../lib/backends/wasm_influence.ts";
import { dataInf } from "../../../lib/mixture/datainf.ts";
import { initialise } from "../../../lib/model/initialise.ts";
import { scorePoolResumably } from "../../../lib/pipeline/stages/pool_scores.ts";
import { randomBatch, SMALL_MODEL } from "../../backends/small_model.ts";
import { inDirectory, names } from "../../core/temporary.ts";

const PROBES = [1, 2].map((seed) => ({ name: `probe-${seed}`, batches: [randomBatch(seed, 2, 9)] }));
const CANDIDATES = [3, 4, 5, 6].map((seed) => randomBatch(seed, 3, 11));
const { signal } = new AbortController();

async function influence(): Promise<InfluenceBackend & AsyncDisposable> {
  const backend = await createWasmInfluence(SMALL_MODEL, "all", { workers: 1 });
  await backend.load(initialise(SMALL_MODEL, 1));
  return backend;
}

/** Aborts once a file is there, or so many candidates' batches were read. */
function stopAfter(reads: number): { candidates: typeof CANDIDATES; signal: AbortSignal } {
  const controller = new AbortController();
  let left = reads;
  const candidates = CANDIDATES.map((batch) =>
    new Proxy(batch, {
      get(target, key) {
        if (key === "sequences" && left-- <= 0) controller.abort(new Error("stopped"));
        return Reflect.get(target, key);
      },
    })
  );
  return { candidates, signal: controller.signal };
}

Deno.test("scorePoolResumably() gives dataInf()'s scores to the bit, in one go or stopped anywhere", async () => {
  await using backend = await influence();
  const expected = (await dataInf(backend, PROBES, CANDIDATES)).map(({ probe, influence }) => ({
    probe,
    influence,
  }));
  await inDirectory(async (directory) => {
    assert.deepEqual(await scorePoolResumably(backend, PROBES, CANDIDATES, directory, signal), expected);
    assert.deepEqual(await names(directory), [
      ...["gradient-0.safetensors", "gradient-1.safetensors", "scores.jsonl", "vectors.safetensors"],
    ]);
    // All is there: nothing is computed, and the result is the same.
    assert.deepEqual(await scorePoolResumably(backend, PROBES, CANDIDATES, directory, signal), expected);
  });
  let stops = 0;
  for (let reads = 1; reads < 200; reads += 9) {
    await inDirectory(async (directory) => {
      const stopped = stopAfter(reads);
      await scorePoolResumably(backend, PROBES, stopped.candidates, directory, stopped.signal).catch(
        (error) => {
          assert.equal(error.message, "stopped");
          stops++;
        },
      );
      assert.deepEqual(await scorePoolResumably(backend, PROBES, CANDIDATES, directory, signal), expected);
    });
  }
  assert.ok(stops > 3, `${stops}`);
});
