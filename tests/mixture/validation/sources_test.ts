import assert from "node:assert/strict";
import { leaveOneOutAgreement } from "../../../lib/mixture/validation/sources.ts";

Deno.test("leaveOneOutAgreement() compares orders of sources with the mean impact over seeds", () => {
  const agreement = leaveOneOutAgreement(
    "math",
    ["three", "wordnet", "mail"],
    [
      { method: "influence", densities: [3, 2, -1] },
      { method: "gradient product", densities: [1, 2, 3] },
    ],
    // Means 0.4, 0.3, −0.1.
    [[0.3, 0.4, -0.2], [0.5, 0.2, 0]],
  );
  assert.deepEqual(agreement.methods.map(({ spearman }) => spearman), [1, -1]);
  assert.equal(agreement.seedToSeed, 0.5);
  assert.deepEqual(agreement.sources[1], {
    source: "wordnet",
    densities: [{ method: "influence", density: 2 }, { method: "gradient product", density: 2 }],
    impacts: [0.4, 0.2],
  });
});
