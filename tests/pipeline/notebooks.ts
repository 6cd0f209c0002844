/** Notebooks for tests. */
import type { Notebook, Output } from "../../lib/pipeline/notebook.ts";

/** A notebook of code cells. */
export function notebookOf(...sources: string[]): Notebook {
  return {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {},
    cells: sources.map((source) => ({
      cell_type: "code",
      source,
      metadata: {},
      outputs: [],
      execution_count: null,
    })),
  };
}

/** The same notebook with other outputs, a list a code cell, and tags of its first cell. */
export function withOutputs(notebook: Notebook, outputs: Output[][], tags: string[] = []): Notebook {
  return {
    ...notebook,
    cells: notebook.cells.map((cell, index) =>
      cell.cell_type === "code"
        ? { ...cell, outputs: outputs[index] ?? [], metadata: index === 0 ? { tags } : {} }
        : cell
    ),
  };
}

/** What a cell printed. */
export function printed(text: string): Output {
  return { output_type: "stream", name: "stdout", text };
}

/** What a cell returned. */
export function returned(data: Record<string, unknown>): Output {
  return { output_type: "execute_result", data, metadata: {}, execution_count: 1 };
}
