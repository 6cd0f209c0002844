/**
 * Where a promoted task comes from, as its file says it, and whether anyone edited it since.
 * @module
 */
import { sha256 } from "../../core/artefacts.ts";

/** The line with the hash of all others. */
const HASH_LINE = /^\/\/ As promoted, without this line: sha256 ([0-9a-f]{64})\n/m;

const NOTEBOOK = /^ \* Promoted from (\S+) by `deno task promote`/m;

/** What a task's file says. */
export interface Provenance {
  /** The notebook's path, relative to the project's root. */
  readonly notebook: string;
  /** Nobody changed the file since. */
  readonly isUntouched: boolean;
}

/** The comment at the head of a promoted task. */
export function provenanceComment(
  task: { name: string; title: string; notebook: string; cells: readonly string[] },
): string {
  const { name, title, notebook, cells } = task;
  return [
    "/**",
    ` * \`deno task ${name}\`: ${title}.`,
    " *",
    ` * Promoted from ${notebook} by \`deno task promote\`: change it there.`,
    ` * Cells: ${cells.join(", ")}.`,
    " * @module",
    " */",
  ].join("\n");
}

/** Puts the hash below the head's comment. */
export function sealed(text: string): string {
  return text.replace(/^ \*\/\n/m, ` */\n// As promoted, without this line: sha256 ${sha256(text)}\n`);
}

/** What a task's file says about itself; null where it was not promoted. */
export function readProvenance(text: string): Provenance | null {
  const [, notebook] = NOTEBOOK.exec(text) ?? [], [, hash] = HASH_LINE.exec(text) ?? [];
  if (notebook === undefined) return null;
  return { notebook, isUntouched: hash === sha256(text.replace(HASH_LINE, "")) };
}
