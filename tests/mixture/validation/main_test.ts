import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { exists } from "../../../lib/core/artefacts.ts";
import { inDirectory } from "../../core/temporary.ts";
import { SMALL_MODEL, UPDATE } from "../../backends/small_model.ts";
import { shardsOf } from "../../shards/support.ts";

const MAIN = fileURLToPath(new URL("../../../lib/mixture/validation/main.ts", import.meta.url));

async function run(...flags: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const output = await new Deno.Command(Deno.execPath(), { args: ["run", "-A", "--quiet", MAIN, ...flags] })
    .output();
  const [stdout, stderr] = [output.stdout, output.stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code: output.code, stdout: stdout ?? "", stderr: stderr ?? "" };
}

Deno.test("main validates what it finds in files", () =>
  inDirectory(async (directory) => {
    const texts = (from: number) =>
      Array.from({ length: 6 }, (_, i) => "abcdefghij".slice(i % 4) + (from + i));
    const [candidates, probes] = [join(directory, "candidates"), join(directory, "probes")];
    for (const source of ["one", "two"]) {
      (await shardsOf(candidates, source, texts(source === "one" ? 10 : 30)))[Symbol.dispose]();
    }
    (await shardsOf(probes, "code", texts(60)))[Symbol.dispose]();
    const { learningRate: peak, ...optimizer } = UPDATE;
    const settings = join(directory, "settings.json");
    await Deno.writeTextFile(
      settings,
      JSON.stringify({
        training: {
          config: { ...SMALL_MODEL, vocabularySize: 256 },
          schedule: { peak, warmupSteps: 1, totalSteps: 3, decay: "linear", floor: 0.1 },
          optimizer,
          checkpointEvery: 1000,
        },
        validation: {
          length: 8,
          sequencesPerBatch: 4,
          checkpoints: 1,
          subsets: 3,
          seeds: 2,
          dropShare: 0.2,
          probesPerPass: 4,
          seed: 1,
        },
        candidatesPerSource: 5,
        probesPerCapability: 4,
      }),
    );
    const out = join(directory, "out");
    const flags = ["--settings", settings, "--candidates", candidates, "--probes", probes, "--out", out];
    const estimate = await run(...flags, "--estimate", "--json");
    assert.equal(estimate.code, 0, estimate.stderr);
    assert.equal(JSON.parse(estimate.stdout).proxies, 2 * (1 + 3 + 2 + 3));
    assert.equal(await exists(join(out, "report.json")), false);

    const { code, stdout, stderr } = await run(...flags, "--json");
    assert.equal(code, 0, stderr);
    const report = JSON.parse(stdout);
    assert.deepEqual([report.regime.candidates, report.regime.probeDocuments], [10, 4]);
    assert.deepEqual(JSON.parse(await Deno.readTextFile(join(out, "report.json"))), report);
  }));

Deno.test("main refuses a missing file of settings in one sentence, with exit code 2", async () => {
  const flags = ["--settings", "missing.json", "--candidates", "a", "--probes", "b", "--out", "c"];
  const { code, stderr } = await run(...flags);
  assert.deepEqual([code, stderr], [2, "--settings: missing.json does not exist.\n"]);
});
