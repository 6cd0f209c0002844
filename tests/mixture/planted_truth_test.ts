/** From real text to weights where the answer is planted: the first two seeds of `deno task planted`, made small. */
import assert from "node:assert/strict";
import { createWasmBackend } from "../../lib/backends/wasm.ts";
import { createWasmInfluence } from "../../lib/backends/wasm_influence.ts";
import { readPieces } from "../../lib/mixture/planted/corpus.ts";
import { CHARACTERS, CONFIG, type PlantedSettings, TOKENIZER } from "../../lib/mixture/planted/experiment.ts";
import { plantedSeeds } from "../../lib/mixture/planted/seeds.ts";
import { summarise } from "../../lib/mixture/planted/summary.ts";
import { openTokenizer } from "../../lib/tokenizer/tokenizer.ts";
import { inDirectory } from "../core/temporary.ts";

const SEEDS = 2;
const SETTINGS: PlantedSettings = { documents: 16, probeDocuments: 16, steps: 60 };

Deno.test("influence finds what was planted in real text", (t) =>
  inDirectory(async (directory) => {
    const [pieces, tokenizer] = [await readPieces(CHARACTERS), await openTokenizer(TOKENIZER)];
    const { signal } = new AbortController();
    const machinery = { tokenizer, pieces, directory, fingerprint: "test", signal };
    await using train = await createWasmBackend(CONFIG, { workers: 2 });
    await using influence = await createWasmInfluence(CONFIG, "all", { workers: 2 });
    const results = await plantedSeeds({ ...machinery, train, influence }, SETTINGS, SEEDS);
    const summary = summarise(results);

    for (const { probe, aboveShuffled, aboveOtherDomains, retraining } of summary.capabilities) {
      await t.step(`${probe}: its source is worth more than its words in random order`, () => {
        assert.equal(aboveShuffled, SEEDS);
      });
      await t.step(`${probe}: its source is worth more than those of other domains`, () => {
        assert.equal(aboveOtherDomains, SEEDS);
      });
      const agreement = retraining.spearman.mean;
      await t.step(`${probe}: orders sources as leaving them out (Spearman ${agreement.toFixed(2)})`, () => {
        // Of 7 sources in 2 seeds; by chance it exceeds 0.5 in one of 20 cases.
        assert.ok(agreement > 0.5);
      });
    }
    await t.step("a source and its copy are worth the same within two standard errors", () => {
      assert.equal(summary.copyEqual, SEEDS);
    });
    await t.step("after deduplication the weights are those without the copy, bit for bit", () => {
      assert.equal(summary.deduplicatedEqual, SEEDS);
    });
    await t.step("a finished seed is read, not computed again", async () => {
      const disposed = { ...machinery, train, influence };
      await influence[Symbol.asyncDispose]();
      await train[Symbol.asyncDispose]();
      assert.deepEqual(await plantedSeeds(disposed, SETTINGS, SEEDS), results);
      await assert.rejects(
        plantedSeeds({ ...disposed, fingerprint: "other code" }, SETTINGS, SEEDS),
        /result\.json belongs to other settings or code; --restart begins anew\./,
      );
    });
  }));
