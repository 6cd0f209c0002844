import assert from "node:assert/strict";
import { join } from "node:path";
import { findParts, partName, requireParts } from "../../../lib/launch/parts/part.ts";
import { runStage, type Stage } from "../../../lib/pipeline/stage.ts";
import { inDirectory } from "../../core/temporary.ts";

const { signal } = new AbortController();

/** A rank that writes its number. */
const part = (rank: number, recipe = "same"): Stage<number> => ({
  name: partName("numbers", rank, 4),
  recipe,
  inputs: {},
  code: [new URL("../../core/temporary.ts", import.meta.url)],
  resumable: false,
  timed: [],
  run: async ({ directory }) => {
    await Deno.writeTextFile(join(directory, "number"), `${rank}`);
    return rank;
  },
});

Deno.test("findParts() finds those that are done and whole, of the same recipe; requireParts() names the others", () =>
  inDirectory(async (root) => {
    const parts = [0, 1, 2, 3].map((rank) => part(rank));
    const file = (rank: number, name: string) => join(root, partName("numbers", rank, 4), name);
    for (const stage of parts) await runStage(stage, { root, restart: false, signal });
    assert.deepEqual((await requireParts(parts, root)).map(({ manifest }) => manifest.result), [0, 1, 2, 3]);
    assert.deepEqual(
      await findParts(parts.map((_, rank) => part(rank, "other")), root),
      Array(4).fill(undefined),
    );

    await Deno.remove(file(0, "number"));
    await Deno.writeTextFile(file(1, "number"), "7");
    await Deno.writeTextFile(file(3, "manifest.json"), "{");
    const found = await findParts(parts, root);
    assert.deepEqual(found.map((part) => part?.manifest.result), [undefined, undefined, 2, undefined]);
    await assert.rejects(requireParts(parts, root), {
      name: "RunError",
      message:
        "Not done, or altered since: numbers-parts/0-of-4, numbers-parts/1-of-4, numbers-parts/3-of-4.",
    });
    assert.deepEqual(await findParts([], root), []);
  }));
