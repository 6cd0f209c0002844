import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

async function model(...flags: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", fileURLToPath(new URL("../../tasks/model.ts", import.meta.url)), ...flags],
  }).output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

Deno.test("model --size --json prints shape, parameters and memory", async () => {
  const { code, stdout } = await model("--size", "140m", "--json");
  assert.equal(code, 0);
  const result = JSON.parse(stdout);
  assert.equal(result.size, "140m");
  assert.equal(result.parameters, 140_248_512);
  assert.equal(result.config.layers, 15);
  assert.equal(result.memory.trainingStateBytes, 16 * 140_248_512);
});

Deno.test("model without a size prints a table of all", async () => {
  const { code, stdout } = await model();
  assert.equal(code, 0);
  for (const count of ["140,248,512", "359,431,168", "949,685,760"]) {
    assert.ok(stdout.includes(count), stdout);
  }
});

Deno.test("model --config reads a config.json of transformers", async () => {
  const path = fileURLToPath(new URL("../fixtures/model/tied/config.json", import.meta.url));
  const { code, stdout } = await model("--config", path, "--json");
  assert.equal(code, 0);
  assert.equal(JSON.parse(stdout).parameters, 6048);
});

Deno.test("model refuses bad flags in one sentence, with exit code 2", async (t) => {
  const cases: [string[], string][] = [
    [["--size", "12m"], '--size is "12m", expected one of 140m, 360m, 950m.\n'],
    [["--config", "missing.json"], "missing.json does not exist.\n"],
    [["--size", "140m", "--config", "x.json"], "--size and --config exclude each other.\n"],
  ];
  for (const [flags, message] of cases) {
    await t.step(flags.join(" "), async () => {
      assert.deepEqual(await model(...flags), { code: 2, stdout: "", stderr: message });
    });
  }
});
