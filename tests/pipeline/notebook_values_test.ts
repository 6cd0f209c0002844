import assert from "node:assert/strict";
import { uniformMixture } from "../../lib/core/mixture.ts";
import { MODEL_SIZES } from "../../lib/model/config.ts";
import { contentOf } from "../../lib/pipeline/notebook_display.ts";
import { showMixture, showModel, showRun } from "../../lib/pipeline/notebook_values.ts";

Deno.test("showModel() says what a published model weighs", async () => {
  const text = String((await contentOf(showModel(MODEL_SIZES["140m"])))["text/plain"]);
  assert.match(text, /layers × width\s+15 × 576/);
  assert.match(text, /parameters\s+140,248,512/);
  assert.match(text, /of them embedding and head\s+52\.7%/);
});

Deno.test("showMixture() draws the largest share first", async () => {
  const mixture = uniformMixture(["web", "code"], "llama3");
  const shares = [0.25, 0.75];
  const sources = mixture.sources.map((source, i) => ({ ...source, weight: shares[i] ?? 0 }));
  const bundle = await contentOf(showMixture({ ...mixture, sources }));
  assert.match(String(bundle["text/plain"]), /code 75\.0%, web 25\.0%/);
  assert.match(String(bundle["image/svg+xml"]), />75\.0%</);
});

Deno.test("showRun() lists stages in the order in which they were asked for", async () => {
  const stage = (name: string, skipped: boolean) => ({
    directory: "",
    skipped,
    manifest: {
      stage: name,
      machine: "a machine",
      seconds: 1.25,
      digest: "0123456789abcdef",
      ...{ fingerprint: "", recipe: null, inputs: {}, code: "", outputs: [], result: null, finishedAt: "" },
    },
  });
  const bundle = await contentOf(showRun({ finished: [stage("corpus", true), stage("curation", false)] }));
  assert.equal(
    bundle["text/plain"],
    "stage     seconds  now          outputs\ncorpus        1.3  done before  0123456789ab\ncuration      1.3  done         0123456789ab",
  );
});
