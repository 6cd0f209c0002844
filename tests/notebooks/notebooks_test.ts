import assert from "node:assert/strict";
import { basename } from "node:path";
import { codeCells, readNotebook } from "../../lib/pipeline/notebook.ts";
import { findNotebooks } from "../../lib/pipeline/notebook_check.ts";
import { projectRoot } from "../../lib/pipeline/setup.ts";

/** A notebook is read on the web and kept in every clone. */
const MAX_BYTES = 512 * 1024;

const notebooks = await findNotebooks(projectRoot);

Deno.test("there are notebooks", () => assert.notEqual(notebooks.length, 0));

Deno.test.each(notebooks.map((path) => [basename(path), path] as const))(
  "%s is committed as a fresh run from top to bottom left it",
  async (_name, path) => {
    const notebook = await readNotebook(path);
    assert.equal((notebook.metadata["kernelspec"] as { name?: string } | undefined)?.name, "deno");
    const cells = codeCells(notebook);
    assert.deepEqual(cells.map((cell) => cell.execution_count), cells.map((_, index) => index + 1));
    assert.ok(cells.every((cell) => cell.outputs.every((output) => output.output_type !== "error")));
  },
);

Deno.test.each(notebooks.map((path) => [basename(path), path] as const))(
  "%s is small and names no place of the machine it ran on",
  async (_name, path) => {
    const text = await Deno.readTextFile(path);
    assert.ok(text.length < MAX_BYTES, `${text.length} bytes`);
    assert.equal(text.includes(projectRoot), false);
    assert.doesNotMatch(text, /\/(home|root|Users|tmp)\//);
  },
);
