/**
 * A cell's code in two parts: what it does, and what it only declares.
 * @module
 */

/** The parts, each as text. */
export interface CellParts {
  /** Statements, which run in order. */
  readonly statements: string;
  /** Functions, types and interfaces, which may stand anywhere. */
  readonly declarations: string;
}

/** How a declaration begins, after its comment. */
const DECLARATION = /^(?:async )?function\b|^type\b|^interface\b/;

const COMMENTS = /\/\*.*?\*\/|^\/\/[^\n]*/gms;

/** A line on which nothing begins: one of a statement's inner lines, the end of its brackets, or no code. */
const CONTINUES = /^(?:[\s})\]`]|$)/;

/**
 * Splits code by its format, as `deno fmt` leaves it: whatever begins at the first column begins a statement.
 *
 * @example
 * ```ts
 * import { splitCell } from "./statements.ts";
 * import assert from "node:assert/strict";
 * assert.deepEqual(splitCell("const a = half(4);\n\n// Down.\nfunction half(x: number) {\n  return x / 2;\n}"), {
 *   statements: "const a = half(4);",
 *   declarations: "// Down.\nfunction half(x: number) {\n  return x / 2;\n}",
 * });
 * ```
 */
export function splitCell(code: string): CellParts {
  const blocks: string[] = [];
  for (const line of code.trim().split("\n")) {
    const last = blocks.at(-1);
    // A comment belongs to what follows it.
    if (last === undefined || !CONTINUES.test(line) && last.replace(COMMENTS, "").trim() !== "") {
      blocks.push(line);
    } else blocks[blocks.length - 1] = `${last}\n${line}`;
  }
  const declares = (block: string) => DECLARATION.test(block.replace(COMMENTS, "").trim());
  return {
    statements: blocks.filter((block) => !declares(block)).join("\n").trim(),
    declarations: blocks.filter(declares).join("\n").trim(),
  };
}
