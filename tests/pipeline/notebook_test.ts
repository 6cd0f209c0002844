import assert from "node:assert/strict";
import fc from "fast-check";
import { join } from "node:path";
import { UsageError } from "../../lib/core/errors.ts";
import { codeCells, parseNotebook, readNotebook, writeNotebook } from "../../lib/pipeline/notebook.ts";
import { notebookOf, printed, returned, withOutputs } from "./notebooks.ts";

Deno.test("parseNotebook() joins strings that are split into lines, and keeps what it does not know", () => {
  const notebook = parseNotebook(
    JSON.stringify({
      nbformat: 4,
      nbformat_minor: 5,
      metadata: { kernelspec: { name: "deno" } },
      cells: [
        { cell_type: "markdown", id: "m", source: ["# One\n", "two"], metadata: {} },
        {
          cell_type: "code",
          id: "c",
          source: ["1 +\n", "1"],
          metadata: { collapsed: true },
          outputs: [{ output_type: "stream", name: "stdout", text: ["a\n", "b"] }],
          execution_count: 1,
        },
      ],
    }),
    "a.ipynb",
  );
  assert.deepEqual(notebook.metadata, { kernelspec: { name: "deno" } });
  assert.equal(notebook.cells[0]?.source, "# One\ntwo");
  const [cell] = codeCells(notebook);
  assert.equal(cell?.source, "1 +\n1");
  assert.equal(cell?.["id"], "c");
  assert.deepEqual(cell?.metadata, { collapsed: true });
  assert.deepEqual(cell?.outputs, [printed("a\nb")]);
});

Deno.test.each([
  ["no JSON", "{", /a\.ipynb is no notebook: /],
  [
    "another format",
    `{"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "cells": []}`,
    /format 4: nbformat/,
  ],
  ["no cells", `{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}`, /format 4: cells/],
  [
    "a code cell without outputs",
    `{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "code", "source": "", "metadata": {}}]}`,
    /format 4: cells\.0\.outputs/,
  ],
])("parseNotebook() refuses %s", (_what, text, message) => {
  assert.throws(() => parseNotebook(text, "a.ipynb"), (error) => {
    assert.ok(error instanceof UsageError);
    assert.match(error.message, message);
    return true;
  });
});

Deno.test("parseNotebook() throws nothing but UsageError, whatever the text", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
    try {
      parseNotebook(text, "a.ipynb");
    } catch (error) {
      assert.ok(error instanceof UsageError);
    }
  }));
});

Deno.test("writeNotebook() and readNotebook() are inverse", async () => {
  const directory = await Deno.makeTempDir();
  try {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: fc.constantFrom("a", "\n", "\r", "é") })),
        async (texts) => {
          const notebook = withOutputs(notebookOf(...texts), texts.map((text) => [printed(text)]));
          const path = join(directory, "a.ipynb");
          await writeNotebook(path, notebook);
          assert.deepEqual(await readNotebook(path), notebook);
        },
      ),
      { numRuns: 30 },
    );
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("writeNotebook() splits strings into lines, as Jupyter does, and leaves JSON alone", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const path = join(directory, "a.ipynb");
    const data = { "text/plain": "a\nb", "application/json": { a: "x\ny" } };
    await writeNotebook(path, withOutputs(notebookOf("1"), [[returned(data)]]));
    const written = JSON.parse(await Deno.readTextFile(path));
    assert.deepEqual(written.cells[0].outputs[0].data, {
      "text/plain": ["a\n", "b"],
      "application/json": { a: "x\ny" },
    });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("readNotebook() names a file that is not there", async () => {
  await assert.rejects(readNotebook("nowhere.ipynb"), new UsageError("There is no notebook nowhere.ipynb."));
});
