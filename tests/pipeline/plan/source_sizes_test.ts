import assert from "node:assert/strict";
import { loadMixture } from "../../../lib/mixture/load.ts";
import {
  cutTokens,
  publishedSamples,
  publishedSizes,
  shardBytes,
} from "../../../lib/pipeline/plan/source_sizes.ts";

Deno.test("publishedSizes() knows every source of the published mixtures, under its name there", async () => {
  const sizes = await publishedSizes();
  for (const mixture of ["pretrain-1", "pretrain-2", "midtrain-1", "midtrain-2"]) {
    for (const { name } of (await loadMixture(`mobilellm-r1-${mixture}`)).sources) {
      assert.ok(sizes.has(name), name);
    }
  }
  assert.deepEqual(sizes.get("StarCoder"), { documents: 206_640_114, tokens: 263.8e9 });
  assert.deepEqual(sizes.get("Dolmino FLAN"), { documents: 57.3e6, tokens: 17e9 });
  // TuluMath, DolminoSynthMath, TinyGSM-MIND, MathCoder2 and Metamath-owmfilter.
  assert.equal(sizes.get("Dolmino Math")?.tokens, 230e6 + 28.7e6 + 6.48e9 + 3.87e9 + 84.2e6);
  assert.equal(sizes.get("Nemotron-CC-Math-v1")?.tokens, null);
});

Deno.test("publishedSamples() reads the paper's counts, of its sources alone", async () => {
  assert.equal(await publishedSamples("tulu-3"), 866_000);
  assert.equal(await publishedSamples("open-math-reasoning"), 3_200_000);
  assert.equal(await publishedSamples("freecodecamp-solutions"), undefined);
});

Deno.test("cutTokens() cuts documents and their number; unknown ones are as long as may be", () => {
  const short = { documents: 10, tokens: 50 }, long = { documents: 4, tokens: 400 };
  assert.equal(cutTokens([short, long], null, 20), 50 + 80);
  assert.equal(cutTokens([short, long], 2, 20), 10 + 40);
  assert.equal(cutTokens([{ documents: 3, tokens: null }], null, 20), 60);
  assert.equal(shardBytes([short, long, { documents: 3, tokens: null }]), 4 * 450);
});
