import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { RunError } from "../../lib/core/errors.ts";
import { codeHash } from "../../lib/pipeline/code_hash.ts";

/** A module that imports another, and the two paths. */
async function modules() {
  const folder = await Deno.makeTempDir();
  const entry = join(folder, "entry.ts"), imported = join(folder, "imported.ts");
  await Deno.writeTextFile(entry, 'import { value } from "./imported.ts"; console.log(value);');
  await Deno.writeTextFile(imported, "export const value = 1;");
  return { entry: pathToFileURL(entry), imported };
}

Deno.test("codeHash() changes with an imported module, and with nothing else", async () => {
  const { entry, imported } = await modules();
  const before = await codeHash([entry]);
  assert.equal(await codeHash([entry]), before);
  await Deno.writeTextFile(imported, "export const value = 2;");
  assert.notEqual(await codeHash([entry]), before);
});

Deno.test("codeHash() takes a file that is no module as it is", async () => {
  const path = join(await Deno.makeTempDir(), "kernel.wasm");
  await Deno.writeFile(path, Uint8Array.of(0, 1));
  const before = await codeHash([pathToFileURL(path)]);
  await Deno.writeFile(path, Uint8Array.of(0, 2));
  assert.notEqual(await codeHash([pathToFileURL(path)]), before);
});

Deno.test("codeHash() says which module cannot be read", async () => {
  const { entry } = await modules();
  await Deno.writeTextFile(entry, "import {");
  await assert.rejects(
    codeHash([entry]),
    (error) => error instanceof RunError && /entry\.ts/.test(error.message),
  );
});
