import assert from "node:assert/strict";
import { environmentTable, inspectEnvironment } from "../../lib/pipeline/environment.ts";
import { projectRoot } from "../../lib/pipeline/setup.ts";

Deno.test("inspectEnvironment() finds what the demo needs, and a command for everything else", async () => {
  const started = performance.now();
  const components = await inspectEnvironment(projectRoot);
  assert.ok(performance.now() - started < 60_000);
  assert.equal(new Set(components.map(({ name }) => name)).size, components.length);
  for (const { name, found, detail, install, needed } of components) {
    if (needed) assert.ok(found, `${name} is missing`);
    assert.notEqual(detail, "");
    assert.equal(install === null, found, name);
    assert.notEqual(install, "");
  }
});

Deno.test("inspectEnvironment() answers in a directory that is no project", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const components = await inspectEnvironment(directory);
    const missing = components.filter(({ found }) => !found).map(({ name }) => name);
    for (const name of ["tokenizer", "DuckDB wasm", "DuckDB native", "Jupyter client"]) {
      assert.ok(missing.includes(name), name);
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("environmentTable() aligns the names", () => {
  const part = { found: true, detail: "there", enables: "", install: null, needed: false };
  assert.equal(
    environmentTable([{ ...part, name: "a" }, { ...part, name: "long" }]),
    "✓  a     there\n✓  long  there",
  );
});
