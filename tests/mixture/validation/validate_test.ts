import assert from "node:assert/strict";
import { estimateValidation } from "../../../lib/mixture/validation/estimate.ts";
import type { ValidationOptions } from "../../../lib/mixture/validation/options.ts";
import { DROPPED } from "../../../lib/mixture/validation/report.ts";
import { validateInfluence } from "../../../lib/mixture/validation/validate.ts";
import { inDirectory } from "../../core/temporary.ts";
import { countingUpdates, withToy } from "./toy.ts";

Deno.test("validateInfluence() compares all methods with retraining, and trains nothing twice", () =>
  inDirectory((directory) =>
    withToy(directory, async (options) => {
      const { backend, updates } = countingUpdates(options.train);
      const counted = { ...options, train: backend };
      const { seconds: _first, ...report } = await validateInfluence(counted);
      const { proxies } = await estimateValidation({ ...options });
      assert.equal(proxies, 2 * (1 + 4 + 3 + 3));
      assert.equal(updates(), 30 * proxies);

      const { regime, datamodelling, leaveOneOut, dropped } = report;
      assert.deepEqual([regime.candidates, regime.probeDocuments, regime.epochs], [24, 8, 5]);
      assert.ok(regime.candidateLoss < regime.probeLoss && regime.probeLoss < regime.uniformLoss);
      assert.deepEqual(
        datamodelling.methods.map(({ method, perProbe }) => [method, perProbe.length]),
        [
          ["influence", 8],
          ["influence, one proxy", 8],
          ["influence, last checkpoint", 8],
          ["influence, source means", 8],
          ["gradient product", 8],
        ],
      );
      // Sources that do not share the probe's words cannot replace its own: here retraining and influence must agree.
      for (const { capability, sources } of leaveOneOut) {
        const best = (worth: (source: typeof sources[number]) => number) =>
          sources.toSorted((a, b) => worth(b) - worth(a))[0]?.source;
        assert.equal(best(({ impacts }) => impacts[0] ?? NaN), capability);
        assert.equal(best(({ impacts }) => impacts[1] ?? NaN), capability);
        assert.equal(best(({ densities }) => densities[0]?.density ?? NaN), capability);
      }
      assert.deepEqual(
        dropped.map(({ which, seed, probe }) => [which, seed, probe]),
        [1, 2].flatMap((seed) =>
          DROPPED.flatMap((which) => ["up", "other"].map((probe) => [which, seed, probe]))
        ),
      );
      assert.deepEqual(JSON.parse(JSON.stringify(report)), report);

      const { seconds: _second, ...again } = await validateInfluence(counted);
      assert.deepEqual(again, report);
      assert.equal(updates(), 30 * proxies);
    })
  ));

Deno.test("estimateValidation() counts seconds and the bytes of a vector for each document of a pass", () =>
  inDirectory((directory) =>
    withToy(directory, async (options) => {
      const { trainingSeconds, scoringSeconds, vectorBytes } = await estimateValidation(options);
      assert.ok(trainingSeconds > 0 && scoringSeconds >= 0);
      assert.equal(vectorBytes, 4 * 3 * options.influence.parameters);
    })
  ));

Deno.test("validateInfluence() refuses what no comparison follows from, in one sentence", () =>
  inDirectory((directory) =>
    withToy(directory, async (options) => {
      const { settings, candidates } = options;
      const cases: [Partial<ValidationOptions>, string][] = [
        [{ settings: { ...settings, seeds: 1 } }, "seeds is 1, expected a whole number from 2."],
        [{ settings: { ...settings, subsets: 2.5 } }, "subsets is 2.5, expected a whole number from 3."],
        [{ settings: { ...settings, dropShare: 1 } }, "dropShare is 1, expected a share between 0 and 1."],
        [{ probes: [] }, "there are no probe documents."],
        [{ candidates: candidates.slice(0, 1) }, "the candidates are of 1 sources, expected two at least."],
        [{ probes: candidates.slice(0, 1) }, "probe document 0 is also a candidate."],
      ];
      for (const [change, message] of cases) {
        await assert.rejects(validateInfluence({ ...options, ...change }), {
          name: "UsageError",
          message: `Validation: ${message}`,
        });
      }
    })
  ));
