import assert from "node:assert/strict";
import { inDirectory } from "../core/temporary.ts";
import { runTaskFile } from "./task_file.ts";

const PAGE = new URL("../../data/recipes/950m.md", import.meta.url);

Deno.test("the page of the recipe 950m is what plan makes of it: deno task plan --out data/recipes/950m.md", () =>
  inDirectory(async (folder) => {
    const { code, stderr } = await runTaskFile("plan", folder, "--out", `${folder}/page.md`);
    assert.equal(code, 0, stderr);
    assert.equal(await Deno.readTextFile(`${folder}/page.md`), await Deno.readTextFile(PAGE));
  }));

Deno.test("plan refuses a price below 0 and a recipe without a cluster in one sentence", () =>
  inDirectory(async (folder) => {
    const low = await runTaskFile("plan", folder, "--price", "-1");
    assert.deepEqual([low.code, low.stderr], [2, "--price is -1, expected dollars from 0.\n"]);
    const demo = await runTaskFile("plan", folder, "--recipe", "demo");
    assert.equal(demo.code, 2);
    assert.match(demo.stderr, /^The recipe's cluster is null, expected/);
  }));
