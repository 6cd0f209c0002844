import assert from "node:assert/strict";
import { join } from "node:path";
import { UsageError } from "../../../lib/core/errors.ts";
import { idOf } from "../../../lib/figures/paper/item.ts";
import { paperItems, selectItems, writeItem } from "../../../lib/figures/paper/write.ts";
import { inDirectory, names } from "../../core/temporary.ts";
import { EMPTY_RUN } from "./sample_run.ts";

Deno.test("paperItems() are eleven figures and thirteen tables", async () => {
  assert.deepEqual((await paperItems()).map(idOf), [
    ...Array.from({ length: 11 }, (_, i) => `figure-${i + 1}`),
    ...Array.from({ length: 13 }, (_, i) => `table-${i + 1}`),
  ]);
});

Deno.test("selectItems() refuses a name that is none, in one sentence", async () => {
  assert.deepEqual((await selectItems(["table-6", "figure-2"])).map(idOf), ["figure-2", "table-6"]);
  await assert.rejects(
    () => selectItems(["figure-12"]),
    new UsageError('--only has "figure-12", expected figure-1 to figure-11 or table-1 to table-13.'),
  );
});

Deno.test("writeItem() writes Vega-Lite, SVG and PNG, and a table as text too; the same bytes again", () =>
  inDirectory(async (directory) => {
    const [item] = await selectItems(["table-12"]);
    assert.ok(item !== undefined);
    const { files } = await writeItem(item, EMPTY_RUN, directory);
    assert.deepEqual(files.map((path) => path.slice(directory.length + 1)), [
      "table-12.json",
      "table-12.svg",
      "table-12.png",
      "table-12.md",
      "table-12.csv",
    ]);
    assert.equal((await names(directory)).length, 5);
    const read = () => Promise.all(files.map((path) => Deno.readFile(path)));
    const first = await read();
    await writeItem(item, EMPTY_RUN, directory);
    assert.deepEqual(await read(), first);
    const svg = await Deno.readTextFile(join(directory, "table-12.svg"));
    const png = new DataView((await Deno.readFile(join(directory, "table-12.png"))).buffer);
    // Width and height follow the signature and the name of the first chunk.
    assert.equal(png.getUint32(16), 2 * Number(/ width="(\d+)"/.exec(svg)?.[1]));
  }));
