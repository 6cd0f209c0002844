import assert from "node:assert/strict";
import { extractCode, isGenerated, stripLicenceHeader } from "../../../lib/sources/extract/code.ts";
import { packageFiles } from "../../../lib/sources/npm.ts";
import { temporaryDirectory } from "../temporary_directory.ts";

Deno.test("stripLicenceHeader() removes a licence and no other comment", () => {
  assert.equal(stripLicenceHeader("/**\n * @license MIT\n */\n\nlet a;\n"), "let a;\n");
  assert.equal(stripLicenceHeader("/* Copyright (c) 2020 A */\nlet a;\n"), "let a;\n");
  assert.equal(stripLicenceHeader("/* Adds two numbers. */\nlet a;\n"), "/* Adds two numbers. */\nlet a;\n");
  assert.equal(stripLicenceHeader("let a;\n"), "let a;\n");
});

Deno.test("isGenerated() knows bundles and tables of numbers", () => {
  assert.ok(isGenerated("var a=1;".repeat(100)));
  assert.ok(isGenerated("const t = [\n1234, 5678,\n9012, 3456,\n];\n"));
  assert.ok(!isGenerated("const x = 1;\nconst name = 2;\n"));
});

Deno.test("extractCode() gives code with its licence and path", async () => {
  await using directory = await temporaryDirectory({
    "a.js": "/** @license Apache-2.0 */\nlet a;\n",
    "b.md": "text",
    "c.js": "x".repeat(500),
    "d.glsl": "void main() {}\n",
  });
  const root = directory.path;
  assert.deepEqual(await Array.fromAsync(extractCode({ root, paths: packageFiles(root, ["."], []) })), [
    { text: "let a;\n", licence: "Apache-2.0", metadata: { path: "a.js" } },
    { text: "void main() {}\n", metadata: { path: "d.glsl" } },
  ]);
});
