import assert from "node:assert/strict";
import { join } from "node:path";
import { UsageError } from "../../../lib/core/errors.ts";
import { readRecipeFile } from "../../../lib/pipeline/recipe/extension.ts";
import { inDirectory } from "../../core/temporary.ts";

/** Files of JSON in a folder. */
async function write(folder: string, files: Readonly<Record<string, unknown>>): Promise<void> {
  for (const [name, value] of Object.entries(files)) {
    await Deno.writeTextFile(join(folder, `${name}.json`), JSON.stringify(value));
  }
}

function fails(promise: Promise<unknown>, message: RegExp): Promise<void> {
  return assert.rejects(promise, (error) => error instanceof UsageError && message.test(error.message));
}

Deno.test("readRecipeFile() merges objects key by key and replaces everything else, over any number of files", () =>
  inDirectory(async (folder) => {
    await write(folder, {
      base: {
        seed: 1,
        list: [1, 2],
        model: { width: 8, layers: 2, deep: { a: 1, b: 2 } },
        reasoning: null,
        sft: {},
      },
      middle: { extends: "./base.json", seed: 2, model: { layers: 3, deep: { b: 3 } } },
      top: { extends: "./middle.json", list: [3], reasoning: { epochs: 4 }, sft: null },
    });
    assert.deepEqual((await readRecipeFile(join(folder, "top.json"))).value, {
      seed: 2,
      list: [3],
      model: { width: 8, layers: 3, deep: { a: 1, b: 3 } },
      reasoning: { epochs: 4 },
      sft: null,
    });
  }));

Deno.test("readRecipeFile() extends a recipe of the project by its name", () =>
  inDirectory(async (folder) => {
    await write(folder, { mine: { extends: "demo", seed: 7 } });
    const { value } = await readRecipeFile(join(folder, "mine.json"));
    assert.equal(value["seed"], 7);
    assert.equal(value["tokenizer"], "llama3-4096");
    assert.ok(!("extends" in value));
  }));

Deno.test("readRecipeFile() refuses a circle, an unknown recipe and what names none", () =>
  inDirectory(async (folder) => {
    await write(folder, {
      a: { extends: "./b.json" },
      b: { extends: "./a.json" },
      self: { extends: "./self.json" },
      lost: { extends: "nonesuch" },
      wrong: { extends: 3 },
      list: [1],
    });
    await fails(readRecipeFile(join(folder, "a.json")), /circle: .*a\.json, .*b\.json, .*a\.json/);
    await fails(readRecipeFile(join(folder, "self.json")), /circle/);
    await fails(
      readRecipeFile(join(folder, "lost.json")),
      /lost\.json: extended recipe "nonesuch".*one of .*950m/,
    );
    await fails(readRecipeFile(join(folder, "wrong.json")), /wrong\.json: extends is 3, expected/);
    await fails(readRecipeFile(join(folder, "list.json")), /list\.json is no JSON object/);
  }));
