/**
 * Jupyter notebooks as data: what this project needs of nbformat 4.5, with everything else kept as it is.
 * @module
 */
import { z } from "zod";
import { writeFileAtomic } from "../core/artefacts.ts";
import { UsageError } from "../core/errors.ts";

/** Larger files are no notebooks of ours: outputs are meant to be small. */
const MAX_NOTEBOOK_BYTES = 16 * 2 ** 20;

/** nbformat splits long strings into lines that keep their line ends. */
const multiline = z.union([z.string(), z.array(z.string()).transform((lines) => lines.join(""))]);

const outputSchema = z.discriminatedUnion("output_type", [
  z.looseObject({ output_type: z.literal("stream"), name: z.enum(["stdout", "stderr"]), text: multiline }),
  z.looseObject({
    output_type: z.enum(["execute_result", "display_data"]),
    /** By MIME type; a string, lines of a string, or JSON. */
    data: z.record(z.string(), z.unknown()),
  }),
  z.looseObject({
    output_type: z.literal("error"),
    ename: z.string(),
    evalue: z.string(),
    traceback: z.array(z.string()),
  }),
]);

const cellSchema = z.discriminatedUnion("cell_type", [
  z.looseObject({ cell_type: z.enum(["markdown", "raw"]), source: multiline }),
  z.looseObject({
    cell_type: z.literal("code"),
    source: multiline,
    metadata: z.looseObject({ tags: z.array(z.string()).optional() }),
    outputs: z.array(outputSchema),
    execution_count: z.number().nullable(),
  }),
]);

const notebookSchema = z.looseObject({
  nbformat: z.literal(4),
  nbformat_minor: z.number(),
  metadata: z.record(z.string(), z.unknown()),
  cells: z.array(cellSchema),
});

/** What a cell printed, returned, displayed or threw. */
export type Output = z.infer<typeof outputSchema>;

/** A notebook file's content. */
export type Notebook = z.infer<typeof notebookSchema>;

/** A cell of code. */
export type CodeCell = Extract<Notebook["cells"][number], { cell_type: "code" }>;

/**
 * Parses a notebook.
 *
 * @param name What errors call it.
 * @throws {UsageError} where the text is no notebook of format 4.
 *
 * @example
 * ```ts
 * import { codeCells, parseNotebook } from "./notebook.ts";
 * import assert from "node:assert/strict";
 * const notebook = parseNotebook(
 *   `{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "code", "id": "a",
 *     "source": ["1 +\\n", "1"], "metadata": {}, "outputs": [], "execution_count": null}]}`,
 *   "sum.ipynb",
 * );
 * assert.equal(codeCells(notebook)[0]?.source, "1 +\n1");
 * ```
 */
export function parseNotebook(text: string, name: string): Notebook {
  if (text.length > MAX_NOTEBOOK_BYTES) {
    throw new UsageError(
      `${name} is larger than ${MAX_NOTEBOOK_BYTES / 2 ** 20} MiB; notebooks here are small.`,
    );
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${name} is no notebook: ${error instanceof Error ? error.message : error}.`);
  }
  const parsed = notebookSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new UsageError(
    `${name} is no notebook of format 4: ${issue?.path.join(".") || "the file"}: ${issue?.message}.`,
  );
}

/** The cells of code in their order; a cell's number, from 1, is the [n] that Jupyter shows after a fresh run. */
export function codeCells(notebook: Notebook): CodeCell[] {
  return notebook.cells.filter((cell) => cell.cell_type === "code");
}

/**
 * Reads a notebook file.
 *
 * @throws {UsageError} where there is no such file, or no notebook in it.
 */
export async function readNotebook(path: string): Promise<Notebook> {
  try {
    return parseNotebook(await Deno.readTextFile(path), path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw new UsageError(`There is no notebook ${path}.`);
    throw error;
  }
}

/** Writes a notebook file as Jupyter does: one space of indentation, strings split into lines. */
export async function writeNotebook(path: string, notebook: Notebook): Promise<void> {
  const cells = notebook.cells.map((cell) => ({
    ...cell,
    source: splitLines(cell.source),
    ...(cell.cell_type === "code" ? { outputs: cell.outputs.map(splitOutput) } : {}),
  }));
  await writeFileAtomic(path, JSON.stringify({ ...notebook, cells }, null, 1) + "\n");
}

function splitOutput(output: Output): unknown {
  if (output.output_type === "stream") return { ...output, text: splitLines(output.text) };
  if (output.output_type === "error") return output;
  const data = Object.entries(output.data).map((
    [type, value],
  ) => [type, typeof value === "string" ? splitLines(value) : value]);
  return { ...output, data: Object.fromEntries(data) };
}

function splitLines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}
