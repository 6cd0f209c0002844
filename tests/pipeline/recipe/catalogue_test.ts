import assert from "node:assert/strict";
import { catalogue, engineSettings } from "../../../lib/pipeline/recipe/catalogue.ts";
import { loadRecipe } from "../../../lib/pipeline/recipe.ts";

Deno.test("engineSettings() names what the recipe says, and leaves out what it does not", () => {
  const wasm = { engine: "wasm", memory: null, spill: null } as const;
  assert.deepEqual(engineSettings(wasm, 4), { engine: "wasm" });
  assert.deepEqual(engineSettings({ ...wasm, memory: "1GB" }, null), { engine: "wasm", memoryLimit: "1GB" });
  const native = { engine: "native", memory: "4.5 GiB", spill: "/scratch" } as const;
  assert.deepEqual(engineSettings(native, 4), {
    engine: "native",
    memoryLimit: "4.5 GiB",
    spillDirectory: "/scratch",
    threads: 4,
  });
  assert.deepEqual(engineSettings({ ...native, spill: null, memory: null }, null), { engine: "native" });
});

Deno.test("the catalogue of a recipe takes sizes, and no directory for the engine without files", () => {
  const of = (memory: string) => catalogue.safeParse({ engine: "native", memory, spill: null }).success;
  assert.deepEqual(["4GB", "512 MiB", "1.5tb", "100B"].map(of), [true, true, true, true]);
  assert.deepEqual(["4", "GB", "-1GB", "4GB; DROP TABLE x", "80%"].map(of), [
    false,
    false,
    false,
    false,
    false,
  ]);
  assert.equal(catalogue.safeParse({ engine: "wasm", memory: null, spill: "." }).success, false);
});

Deno.test("the demo needs no native engine, the recipe at scale has it", async () => {
  assert.equal((await loadRecipe("demo", [])).catalogue.engine, "wasm");
  assert.equal((await loadRecipe("950m", [])).catalogue.engine, "native");
});
