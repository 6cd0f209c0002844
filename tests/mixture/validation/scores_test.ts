import assert from "node:assert/strict";
import { join } from "node:path";
import { dataInf } from "../../../lib/mixture/datainf.ts";
import { documentBatches } from "../../../lib/mixture/documents.ts";
import type { ValidationOptions } from "../../../lib/mixture/validation/options.ts";
import { scoresAt } from "../../../lib/mixture/validation/scores.ts";
import { saveModel } from "../../../lib/model/checkpoint.ts";
import { initialise } from "../../../lib/model/initialise.ts";
import { inDirectory } from "../../core/temporary.ts";
import { withToy } from "./toy.ts";

const scoringOf = (options: ValidationOptions) => ({
  ...options.settings,
  ...options,
  backend: options.influence,
  probes: options.probes.map(({ tokens }) => tokens),
  candidates: options.candidates.map(({ tokens }) => tokens),
});

Deno.test("scoresAt() asks every document by itself, however many share the passes, and remembers", () =>
  inDirectory((directory) =>
    withToy(directory, async (options) => {
      const { config } = options.training;
      const model = join(directory, "model");
      await saveModel(model, config, initialise(config, 1));
      const scoring = scoringOf(options);
      const scores = await scoresAt(scoring, "three", model);
      assert.deepEqual(await scoresAt({ ...scoring, probesPerPass: 8 }, "eight", model), scores);

      await options.influence.load(initialise(config, 1));
      const { batches } = documentBatches(scoring.candidates, 8, 4);
      for (const [q, document] of scoring.probes.entries()) {
        const probe = { name: "alone", batches: documentBatches([document], 8, 1).batches };
        const [alone] = await dataInf(options.influence, [probe], batches);
        assert.deepEqual(scores.influence[q], [...alone?.influence ?? []]);
        assert.deepEqual(scores.gradientProduct[q], [...alone?.gradientProduct ?? []]);
      }
      // The model is not asked again.
      await Deno.remove(model, { recursive: true });
      assert.deepEqual(await scoresAt(scoring, "three", model), scores);
      await assert.rejects(scoresAt({ ...scoring, fingerprint: "other" }, "three", model), {
        name: "RunError",
        message: /three\.json belongs to other settings, data or code\./,
      });
    })
  ));

Deno.test("scoresAt() stops on the signal", () =>
  inDirectory((directory) =>
    withToy(directory, async (options) => {
      const model = join(directory, "model");
      await saveModel(model, options.training.config, initialise(options.training.config, 1));
      const signal = AbortSignal.abort(new Error("Stopped."));
      await assert.rejects(scoresAt({ ...scoringOf(options), signal }, "stopped", model), /Stopped\./);
    })
  ));
