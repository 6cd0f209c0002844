/**
 * Which files of a folder are text, and reading them.
 *
 * The rule: a file counts by its extension; hidden files, symbolic links and dependency folders are passed over; a file with a NUL
 * byte or with invalid UTF-8 is binary (or in an old encoding) and skipped, never repaired.
 * @module
 */
import { extname, join } from "node:path";
import { UsageError } from "../core/errors.ts";

/** Extensions of program code. */
export const CODE_EXTENSIONS: ReadonlySet<string> = new Set(
  (".c .cc .clj .cpp .cs .css .cu .dart .erl .ex .f .f90 .glsl .go .h .hpp .hs .htm .html .java .jl .js .jsx .kt " +
    ".lean .lisp .lua .m .mjs .ml .php .pl .ps1 .py .r .rb .rs .scala .scm .sh .sql .swift .ts .tsx .v .vue .wgsl .zig")
    .split(" "),
);

/** Extensions of prose and markup. */
const PROSE_EXTENSIONS: ReadonlySet<string> = new Set(
  ".adoc .bib .md .mdx .mm .org .qmd .rst .tex .text .txt".split(" "),
);

/** Whether a file name is one of text, code, Markdown or LaTeX. */
export function isTextFile(name: string): boolean {
  const extension = extname(name).toLowerCase();
  return CODE_EXTENSIONS.has(extension) || PROSE_EXTENSIONS.has(extension);
}

/** A package's files, as an extractor gets them. */
export interface PackageFiles {
  /** The package's folder. */
  readonly root: string;
  /** Paths inside the package, sorted. */
  readonly paths: AsyncIterable<string>;
}

/** Whether a file or a folder is there and which. @throws {UsageError} where nothing is. */
export async function requirePath(path: string): Promise<Deno.FileInfo> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      throw new UsageError(`${path} does not exist.`);
    }
    throw error;
  }
}

/** Paths of all files below a folder, relative to it with "/", in order of their names' code units. */
export async function* walkFiles(root: string, below = ""): AsyncGenerator<string> {
  const entries = await Array.fromAsync(Deno.readDir(join(root, below)));
  entries.sort((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
  for (const { name, isDirectory, isFile } of entries) {
    if (name.startsWith(".") || name === "node_modules") continue;
    const path = below === "" ? name : `${below}/${name}`;
    if (isDirectory) yield* walkFiles(root, path);
    else if (isFile) yield path;
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true });

/** Text of bytes, or null where they are binary or no UTF-8. */
export function decodeText(bytes: Uint8Array): string | null {
  if (bytes.includes(0)) return null;
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}
