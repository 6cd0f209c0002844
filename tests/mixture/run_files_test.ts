import assert from "node:assert/strict";
import { join } from "node:path";
import { uniformMixture } from "../../lib/core/mixture.ts";
import { PROXIES_FILE, readRunFolders } from "../../lib/mixture/run_files.ts";
import { inDirectory } from "../core/temporary.ts";
import { refused, write } from "./written_files.ts";

/** A stage's proxies: mixtures by their sources, with a loss at two steps. */
function proxies(...mixtures: [name: string, sources: string[], seed: number, loss: number][]): string {
  return JSON.stringify(mixtures.map(([name, sources, seed, loss]) => ({
    name: `${name}-${seed}`,
    seed,
    mixture: { ...uniformMixture(sources, "llama3"), name },
    losses: [5, 10].flatMap((step) =>
      ["code", "math"].map((probe, p) => ({
        step,
        tokens: 64 * step,
        probe,
        negativeLogLikelihood: loss - step / 10 + p,
      }))
    ),
  })));
}

Deno.test("readRunFolders() takes each proxy's losses at its last step; absent sources have no share", async () => {
  await inDirectory(async (directory) => {
    await write(directory, {
      [`one/loo/${PROXIES_FILE}`]: proxies(["full", ["code", "web"], 1, 3], ["without web", ["code"], 1, 4]),
      [`one/loo.partial/${PROXIES_FILE}`]: "[]",
      [`two/${PROXIES_FILE}`]: proxies(["full", ["web", "code"], 2, 3.5]),
    });
    const { sources, probes, runs, tokenizer, tokenBudget } = await readRunFolders([
      join(directory, "one"),
      join(directory, "two"),
    ]);
    assert.deepEqual([sources, probes, tokenizer, tokenBudget], [
      ["code", "web"],
      ["code", "math"],
      "llama3",
      640,
    ]);
    assert.deepEqual(
      runs.map(({ name, seed, weights, losses, method }) => [name, seed, weights, losses, method]),
      [
        ["full", 1, [0.5, 0.5], [2, 3], "uniform"],
        ["without web", 1, [1, 0], [3, 4], "uniform"],
        ["full", 2, [0.5, 0.5], [2.5, 3.5], "uniform"],
      ],
    );
  });
});

Deno.test("readRunFolders() refuses what does not compare, and folders without proxies", async () => {
  const [path, other] = [`a/${PROXIES_FILE}`, `b/${PROXIES_FILE}`];
  const full = proxies(["full", ["code", "web"], 1, 3]);
  const read = (...names: string[]) => (directory: string) =>
    readRunFolders(names.map((name) => join(directory, name)));
  await refused({}, read("a"), /a is no folder, expected that of a run or of a stage in it\.$/);
  await refused({ "a/b/c": "" }, read("a"), /a has no proxies\.json, nor has a stage in it\.$/);
  await refused(
    { [path]: full, [other]: full },
    read("."),
    /has proxies in its stages a, b: name the stage's folder, like .*a\.$/,
  );
  await refused({ [path]: "{" }, read("a"), /proxies\.json is no valid JSON/);
  await refused({ [path]: '[{"name":1}]' }, read("a"), /proxies\.json: 0\.name: /);
  await refused({ [path]: "[]" }, read("a"), /there are no proxies\.$/);
  await refused(
    { [path]: full, [other]: full },
    read("a", "b"),
    /"full-1" of seed 1 is the mixture "full" once more, after .*a/,
  );
  const longer = full.replaceAll('"tokens":640', '"tokens":650').replaceAll('"full', '"long');
  await refused(
    { [path]: full, [other]: longer },
    read("a", "b"),
    /trained on 640 tokens, .* on 650: only runs of equal length compare/,
  );
  const partial = JSON.stringify([{
    ...JSON.parse(full)[0],
    losses: JSON.parse(full)[0].losses.slice(0, 3),
  }]);
  await refused(
    { [path]: partial },
    read("a"),
    /"full-1" of seed 1 has no loss of "math" at its last step, 10\.$/,
  );
  const half = full.replaceAll('"weight":0.5', '"weight":0.3');
  await refused({ [path]: half }, read("a"), /has shares that sum to 0\.6, expected 1 within 1%\.$/);
});
