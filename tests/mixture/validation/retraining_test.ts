import assert from "node:assert/strict";
import { join } from "node:path";
import { exists } from "../../../lib/core/artefacts.ts";
import { loadModel } from "../../../lib/model/checkpoint.ts";
import { documentBatches } from "../../../lib/mixture/documents.ts";
import type { ValidationOptions } from "../../../lib/mixture/validation/options.ts";
import { documentLosses, loadWeights, retrain } from "../../../lib/mixture/validation/retraining.ts";
import { inDirectory } from "../../core/temporary.ts";
import { countingUpdates, withToy } from "./toy.ts";

const DOCUMENTS = ({ candidates }: ValidationOptions) => candidates.map(({ tokens }) => tokens);

const retrainingOf = (options: ValidationOptions) => ({
  ...options.settings,
  ...options,
  backend: options.train,
  probes: options.probes.map(({ tokens }) => tokens),
});

Deno.test("retrain() scores the trained model on each probe document, and reads it the second time", () =>
  inDirectory((directory) =>
    withToy(directory, async (options) => {
      const { backend, updates } = countingUpdates(options.train);
      const retraining = { ...retrainingOf(options), backend };
      const { losses, models } = await retrain(retraining, "full", 1, DOCUMENTS(options), 2);
      assert.equal(updates(), 30);
      assert.equal(losses.length, options.probes.length);
      const [, last = ""] = models;
      await loadWeights(backend, (await loadModel(last)).weights);
      assert.deepEqual(
        losses,
        await documentLosses(backend, documentBatches(retraining.probes, 8, 4).batches),
      );
      assert.deepEqual(await retrain(retraining, "full", 1, DOCUMENTS(options), 2), { losses, models });
      assert.equal(updates(), 30);
      // Killed between training and scoring.
      await Deno.remove(join(directory, "full", "losses.json"));
      assert.deepEqual((await retrain(retraining, "full", 1, DOCUMENTS(options), 2)).losses, losses);
      assert.equal(updates(), 30);
    })
  ));

Deno.test("retrain() leaves no model where none is wanted", () =>
  inDirectory((directory) =>
    withToy(directory, async (options) => {
      const { models } = await retrain(retrainingOf(options), "half", 1, DOCUMENTS(options));
      assert.deepEqual(models, []);
      assert.equal(await exists(join(directory, "half", "models")), false);
    })
  ));

Deno.test("retrain() refuses the directory of a proxy of other documents", () =>
  inDirectory((directory) =>
    withToy(directory, async (options) => {
      await retrain(retrainingOf(options), "half", 1, DOCUMENTS(options));
      await assert.rejects(retrain(retrainingOf(options), "half", 1, DOCUMENTS(options).slice(1)), {
        name: "RunError",
      });
    })
  ));
