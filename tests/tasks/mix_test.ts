import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseMixture, uniformMixture } from "../../lib/core/mixture.ts";
import { randomMixtures } from "../../lib/mixture/regression/random_mixtures.ts";
import { inDirectory, names } from "../core/temporary.ts";

async function mix(...flags: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", fileURLToPath(new URL("../../tasks/mix.ts", import.meta.url)), ...flags],
  }).output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

const SOURCES = ["code", "math", "mail"].map((name) => ({ name, tokens: 1e6 }));
const MIXTURES = randomMixtures(SOURCES, {
  ...{ count: 14, seed: 3, tokenizer: "llama3", tokenBudget: 1e6, maxEpochs: 1 },
});
/** Code and math help their own probe, mail none. */
const lossesOf = (
  [code = 0, math = 0]: readonly number[],
) => [2 + Math.exp(-2 * code), 3 + Math.exp(-2 * math)];
const weightsOf = (i: number) => MIXTURES[i]?.sources.map(({ weight }) => weight) ?? [];

const CSV = {
  mixtures: ["name,code,math,mail", ...MIXTURES.map(({ name }, i) => [name, ...weightsOf(i)].join(","))].join(
    "\n",
  ),
  losses: ["name,c,m", ...MIXTURES.map(({ name }, i) => [name, ...lossesOf(weightsOf(i))].join(","))].join(
    "\n",
  ),
};

async function writeCsv(directory: string): Promise<string[]> {
  const [mixtures, losses] = [join(directory, "mixtures.csv"), join(directory, "losses.csv")];
  await Deno.writeTextFile(mixtures, CSV.mixtures);
  await Deno.writeTextFile(losses, CSV.losses);
  return ["--mixtures", mixtures, "--losses", losses];
}

Deno.test("mix finds weights from two CSV files, and writes mixture and regression", async () => {
  await inDirectory(async (directory) => {
    const csv = await writeCsv(directory),
      out = join(directory, "best.json"),
      model = join(directory, "model.json");
    const { code, stdout, stderr } = await mix(
      ...csv,
      "--out",
      out,
      "--model",
      model,
      "--cap",
      "code=0.45",
      "--json",
    );
    assert.equal(code, 0, stderr);
    const result = JSON.parse(stdout);
    const mixture = parseMixture(JSON.parse(await Deno.readTextFile(out)), out);
    const weights = mixture.sources.map(({ weight }) => weight);
    assert.ok((weights[0] ?? 1) <= 0.45 + 1e-9 && (weights[2] ?? 1) < 0.1, String(weights));
    assert.deepEqual(
      result.mixture.sources.map(({ weight }: { weight: number }) => weight.toFixed(9)),
      weights.map((weight) => weight.toFixed(9)),
    );
    assert.deepEqual(JSON.parse(await Deno.readTextFile(model)), result.regression);
    assert.ok(result.regression.probes[0].crossValidated.spearman > 0.95);

    const text = await mix(...csv, "--form", "linear");
    assert.match(text.stdout, /^source +share % \(95%\)/);
    assert.match(
      text.stdout,
      /linear regression on 14 runs, 14 mixtures of 3 sources, 10 folds; condition number/,
    );

    // The mixture that was found, beside those that were measured.
    const compared = await mix(...csv, "--compare", "--mixture", out, "--json");
    const rows: { mixture: string; predicted: boolean; overall: { mean: number } }[] =
      JSON.parse(compared.stdout).compared;
    const best = rows.find(({ predicted }) => predicted),
      measured = rows.filter(({ predicted }) => !predicted);
    assert.equal(measured.length, 14);
    const truth = lossesOf(weights).reduce((sum, loss) => sum + loss / 2, 0);
    assert.ok(Math.abs((best?.overall.mean ?? NaN) - truth) < 0.02, `${best?.overall.mean} ${truth}`);
  });
});

Deno.test("mix --compare tables the proxies of a stage", async () => {
  await inDirectory(async (directory) => {
    const proxies = ["uniform", "influence"].flatMap((name, i) =>
      [1, 2, 3].map((seed) => ({
        name: `${name}-${seed}`,
        seed,
        mixture: { ...uniformMixture(["code", "math"], "llama3"), name, method: name },
        losses: [{ step: 9, tokens: 90, probe: "code", negativeLogLikelihood: 4 - i + seed / 10 }],
      }))
    );
    await Deno.writeTextFile(join(directory, "proxies.json"), JSON.stringify(proxies));
    const { code, stdout, stderr } = await mix("--proxies", directory, "--compare");
    assert.equal(code, 0, stderr);
    const lines = stdout.trim().split("\n").map((line) => line.split(/ {2,}/));
    assert.deepEqual(lines, [
      ["mixture", "method", "runs", "code", "mean"],
      ["influence", "influence", "3", "3.200 (2.952 … 3.448)", "3.200 (2.952 … 3.448)"],
      ["uniform", "uniform", "3", "4.200 (3.952 … 4.448)", "4.200 (3.952 … 4.448)"],
    ]);
  });
});

Deno.test("mix refuses bad flags and files in one sentence, and leaves nothing behind", async () => {
  await inDirectory(async (directory) => {
    const csv = await writeCsv(directory),
      out = join(directory, "best.json"),
      model = join(directory, "model.json");
    const refused = async (message: RegExp, ...flags: string[]) => {
      const { code, stdout, stderr } = await mix(...flags);
      assert.deepEqual([code, stdout, stderr.trim().split("\n").length], [2, "", 1], stderr);
      assert.match(stderr, message);
    };
    await Promise.all([
      refused(/--mixtures and --losses belong together/, "--mixtures", csv[1] ?? ""),
      refused(/cannot be used with option '--proxies/, ...csv, "--proxies", directory),
      refused(/--cap is "code", expected SOURCE=SHARE/, ...csv, "--cap", "code"),
      refused(
        /cap on "web", expected one of the sources code, math, mail/,
        ...csv,
        ...["--cap", "web=0.1", "--out", out, "--model", model],
      ),
    ]);
    await Promise.all([
      refused(/'2' is invalid.*expected a share/, ...csv, "--floor", "2"),
      refused(/--mixture needs --compare/, ...csv, "--mixture", "demo-phase1"),
      refused(/'--out <file>' cannot be used with option '--compare'/, ...csv, "--compare", "--out", out),
      refused(
        /none\.csv does not exist/,
        "--mixtures",
        join(directory, "none.csv"),
        "--losses",
        csv[3] ?? "",
      ),
    ]);
    assert.deepEqual(await names(directory), ["losses.csv", "mixtures.csv"]);
  });
});
