/**
 * From corpora to mixtures on real text, small: the tasks loo, influence and mix on one run.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { exists } from "../../lib/core/artefacts.ts";
import { loadMixture } from "../../lib/mixture/load.ts";
import { answerOf, startServer } from "../curation/stub_server.ts";
import { SOURCES, workspace } from "./small_recipe.ts";

async function task(name: string, folder: string, ...flags: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-q", "-A", "--no-check", fileURLToPath(new URL(`../../tasks/${name}.ts`, import.meta.url))],
      ...["--recipe", "./recipe.json", "--run", "mixing", ...flags],
    ],
    cwd: folder,
  }).output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

async function result(name: string, folder: string, ...flags: string[]) {
  const { code, stdout, stderr } = await task(name, folder, "--json", ...flags);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

Deno.test("loo, influence and mix go from corpora to a table of mixtures", async (t) => {
  await using judge = startServer(() => answerOf({ "1": 0.6, "0": 0.4 }));
  const folder = await workspace(judge.baseUrl);

  await t.step(
    "loo gives Δ of every source on every probing set, with intervals over three seeds",
    async () => {
      const estimate = await result("loo", folder, "--estimate");
      assert.equal(estimate.proxies, 3 * (1 + SOURCES.length));
      assert.ok(estimate.seconds > 0);
      assert.equal(await exists(join(folder, "runs")), false);
      const { impacts, mixture } = await result("loo", folder);
      const last = Math.max(...impacts.map(({ step }: { step: number }) => step));
      const ends = impacts.filter(({ step }: { step: number }) => step === last);
      assert.equal(ends.length, 3 * SOURCES.length);
      for (const { mean, low, high, seeds } of ends) assert.ok(low < mean && mean < high && seeds === 3);
      assert.equal(mixture.sources.length, SOURCES.length);
      assert.match(
        (await task("loo", folder, "--set", "leaveOneOut.seeds=2")).stderr,
        /^leaveOneOut\.seeds is 2, expected at least 3/,
      );
      assert.match(
        (await task("loo", folder, "--set", "leaveOneOut.steps=9000")).stderr,
        /Leave-one-out on a budget of \d+ needs \d+ of every source, ".+" has \d+/,
      );
    },
  );

  await t.step("documents of the probing sets are in no shard", async () => {
    const manifest = async (stage: string) =>
      JSON.parse(await Deno.readTextFile(join(folder, "runs/mixing", stage, "manifest.json"))).result;
    const documents = (parts: { documents: number }[]) =>
      parts.reduce((sum, part) => sum + part.documents, 0);
    const { probing } = await result("curate", folder);
    const asking = Object.values<number>(probing).reduce((sum, count) => sum + count, 0);
    const { train, probes } = await manifest("shards");
    assert.ok(asking > 0);
    assert.equal(
      documents(train) + documents(probes) + asking,
      documents((await manifest("corpus")).sources),
    );
  });

  await t.step("influence gives scores, densities and a mixture file", async () => {
    const { influence } = await result("influence", folder, "--estimate");
    const { candidates, sources, directory } = await result("influence", folder);
    assert.equal(candidates, influence.candidates);
    assert.equal(influence.checkpoints, 9);
    assert.deepEqual(sources.map(({ source }: { source: string }) => source), SOURCES);
    const mixture = await loadMixture(join(folder, directory, "mixture.json"));
    assert.deepEqual(mixture.sources.map(({ name }) => name), SOURCES);
    const lines = (await Deno.readTextFile(join(folder, directory, "scores.jsonl"))).trim().split("\n");
    assert.equal(lines.length, candidates);
    const { joint, self, cross, influence: scores } = JSON.parse(lines[0] ?? "");
    assert.ok(Math.abs(joint - self - cross) < 1e-12);
    assert.deepEqual(Object.keys(scores), ["code", "math", "knowledge"]);
    assert.equal(scores.code.length, 3);
  });

  await t.step("influence --validate reports scores, ceiling and agreement", async () => {
    const estimate = await result("influence", folder, "--validate", "--estimate");
    assert.ok(estimate.proxies > 0 && estimate.trainingSeconds > 0);
    const { report } = await result("influence", folder, "--validate");
    assert.equal(report.leaveOneOut.length, 3);
    const text = await task("influence", folder, "--validate");
    assert.match(text.stdout, /linear datamodelling score, influence: -?[\d.]+/);
  });

  await t.step("mix compares the mixtures of every method on equal terms", async () => {
    const { compared } = await result("mix", folder);
    assert.deepEqual(
      compared.map(({ mixture }: { mixture: string }) => mixture).sort(),
      ["gradient-product", "influence", "leave-one-out", "regression", "tokens", "uniform"],
    );
    for (const { seeds, overall } of compared) assert.ok(seeds === 3 && overall.low < overall.high);
  });
});
