/** Ranks: what they make together is what one machine makes. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { exists } from "../../lib/core/artefacts.ts";
import { DataSteps, findStep, STEPS, stepsUpTo } from "../../lib/launch/steps.ts";
import { inDirectory, names } from "../core/temporary.ts";
import { smallRun, writeSmallData } from "./small_data.ts";

const RANKS = 8;

Deno.test("DataSteps make the bytes of a local run, whatever order the ranks come in; parts that are lost or altered are missed", () =>
  inDirectory(async (folder) => {
    const recipe = await writeSmallData(folder);
    const root = join(folder, "ranks");
    const data = new DataSteps(await smallRun(recipe, root), RANKS);
    const all = [0, 1, 2, 3, 4, 5, 6, 7];
    assert.deepEqual(await data.unfinished(), {
      corpus: [0],
      education: all,
      curation: [0],
      tokens: all,
      shards: [0],
    });
    await assert.rejects(data.perform("education", 0), {
      name: "RunError",
      message: "Stage corpus of run small is not done.",
    });
    await data.perform("corpus", 0);
    for (const rank of [7, 2, 0, 1, 4, 6, 5]) await data.perform("education", rank);
    await assert.rejects(data.perform("curation", 0), {
      name: "RunError",
      message: "Not done, or altered since: education-parts/3-of-8.",
    });
    const altered = join(root, "education-parts", "5-of-8", "scores", "education", "proofs.jsonl");
    await Deno.writeTextFile(altered, "{}\n", { append: true });
    assert.deepEqual((await data.unfinished()).education, [3, 5]);
    for (const rank of [3, 5]) await data.perform("education", rank);

    await data.perform("curation", 0);
    assert.equal(await exists(join(root, "education-parts")), false);
    for (const rank of all.toReversed()) await data.perform("tokens", rank);
    await data.perform("shards", 0);
    assert.deepEqual(Object.values(await data.unfinished()), [[], [], [], [], []]);

    const local = await smallRun(recipe, join(folder, "local"));
    const [corpus, curation, shards] = [await local.corpus(), await local.curation(), await local.shards()];
    for (const [stage, { manifest }] of Object.entries({ corpus, curation, shards })) {
      const own = JSON.parse(await Deno.readTextFile(join(root, stage, "manifest.json")));
      assert.equal(own.fingerprint, manifest.fingerprint, stage);
      assert.equal(own.digest, manifest.digest, stage);
      if (stage !== "curation") assert.deepEqual(own.result, manifest.result);
    }
    assert.deepEqual(await names(root), ["corpus", "curation", "shards"]);
  }));

Deno.test("DataSteps.perform() has no task beyond the last", () =>
  inDirectory(async (folder) => {
    const recipe = await writeSmallData(folder);
    const data = new DataSteps(await smallRun(recipe, join(folder, "run")), RANKS);
    await assert.rejects(data.perform("tokens", 8), {
      name: "UsageError",
      message: "Step tokens has no task 8, expected 0 … 7.",
    });
    await assert.rejects(data.perform("curation", 0.5), { name: "UsageError" });
  }));

Deno.test("stepsUpTo() ends with the step named, and findStep() knows the names", () => {
  assert.deepEqual(stepsUpTo("curation"), ["corpus", "education", "curation"]);
  assert.deepEqual(stepsUpTo("shards"), STEPS);
  assert.equal(findStep("tokens"), "tokens");
  assert.equal(findStep("training"), undefined);
});
