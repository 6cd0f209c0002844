/**
 * A notebook's code as one TypeScript module, which the compiler checks and Deno runs: Jupyter's kernel does not check types.
 *
 * The module takes a notebook for what it is when run top to bottom: one scope. A name that two cells declare is an error
 * here, though Jupyter would let the second win; an import that a later cell repeats word for word is fine.
 * @module
 */
import { dirname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { codeCells, type Notebook } from "./notebook.ts";
import { IMPORT_STATEMENT } from "./promotion/imports.ts";
import { type ProcessOptions, runProcess } from "./subprocess.ts";

/** A notebook's code in one piece. */
export interface NotebookModule {
  readonly text: string;
  /** The notebook's place of a line of `text`, both counted from 1; `null` for lines that are in no cell. */
  locate(line: number): { cell: number; line: number } | null;
}

/** A relative specifier in an import, an export, or a dynamic import. */
const RELATIVE = /(\bfrom\s*|\bimport\s*\(?\s*)(["'])(\.{1,2}\/[^"'\n]*)\2/g;

/**
 * Joins the cells of code. Relative imports become absolute, so that the module may lie anywhere; lines stay where they are.
 *
 * @param directory The notebook's directory.
 *
 * @example
 * ```ts
 * import { extractModule } from "./notebook_module.ts";
 * import assert from "node:assert/strict";
 * const cell = (source: string) => ({
 *   cell_type: "code" as const, source, metadata: {}, outputs: [], execution_count: null,
 * });
 * const module = extractModule(
 *   { nbformat: 4, nbformat_minor: 5, metadata: {}, cells: [cell("const x = 1"), cell("\nx.length")] },
 *   "notebooks",
 * );
 * assert.equal(module.text, "; // [1]\nconst x = 1\n; // [2]\n\nx.length\n; export {};\n");
 * assert.deepEqual(module.locate(5), { cell: 2, line: 2 });
 * ```
 */
export function extractModule(notebook: Notebook, directory: string): NotebookModule {
  const seen = new Set<string>();
  const places: ({ cell: number; line: number } | null)[] = [];
  const blocks = codeCells(notebook).map((cell, index) => {
    const number = index + 1;
    const source = cell.source.replace(IMPORT_STATEMENT, (statement) => {
      if (seen.has(statement)) return statement.replace(/[^\n]/g, "");
      seen.add(statement);
      return statement;
    }).replace(
      RELATIVE,
      (_match, before: string, quote: string, specifier: string) =>
        `${before}${quote}${pathToFileURL(join(resolve(directory), specifier)).href}${quote}`,
    );
    places.push(null, ...source.split("\n").map((_, line) => ({ cell: number, line: line + 1 })));
    return `; // [${number}]\n${source}\n`;
  });
  return {
    // A cell ends where its text ends, semicolon or not. Without an import or export a file is a script, which cannot await.
    text: `${blocks.join("")}; export {};\n`,
    locate: (line) => places[line - 1] ?? null,
  };
}

/** What became of a notebook's module. */
export interface ModuleResult {
  readonly passed: boolean;
  /** What the compiler and the program said, with places in the notebook instead of the module. */
  readonly output: string;
}

/** How a notebook's module is tested. */
export interface ModuleTest extends Pick<ProcessOptions, "env" | "seconds" | "signal"> {
  /** Type-check only, or run after that. */
  readonly run: boolean;
}

/**
 * Type-checks a notebook's code, and runs it as Jupyter does: in the notebook's directory.
 *
 * @param path The notebook's file.
 * @param root The project's root directory, whose deno.json holds.
 */
export async function testModule(
  notebook: Notebook,
  path: string,
  root: string,
  { run, env = {}, ...limits }: ModuleTest,
): Promise<ModuleResult> {
  const directory = dirname(resolve(path)), name = relative(root, path);
  const refusal = refuseJupyter(notebook, name);
  if (refusal !== null) return { passed: false, output: refusal };
  const module = extractModule(notebook, directory);
  const temporary = await Deno.makeTempDir({ prefix: "notebook-" });
  try {
    const file = join(temporary, "notebook.ts");
    await Deno.writeTextFile(file, module.text);
    const config = ["--config", join(root, "deno.json")];
    const options = { ...limits, cwd: directory, env: { ...env, NO_COLOR: "1" } };
    let result = await runProcess(Deno.execPath(), ["check", ...config, file], options);
    if (run && result?.code === 0) {
      result = await runProcess(Deno.execPath(), ["run", "-A", "--no-check", ...config, file], options);
    }
    return {
      passed: result?.code === 0,
      output: nameCells(result?.output ?? "", file, name, module),
    };
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
}

/** `Deno.jupyter` throws outside of the kernel: a cell shows what its last expression is, which works anywhere. */
function refuseJupyter(notebook: Notebook, name: string): string | null {
  const cell = codeCells(notebook).findIndex(({ source }) => /\bDeno\.jupyter\b/.test(source));
  if (cell === -1) return null;
  return `${name}, cell [${
    cell + 1
  }] calls Deno.jupyter; end the cell with a value that shows itself instead ` +
    "(lib/pipeline/notebook_display.ts).";
}

/** Replaces "file:///…/notebook.ts:12:7" by the notebook's cell and line. */
function nameCells(output: string, file: string, name: string, module: NotebookModule): string {
  const place = new RegExp(`${RegExp.escape(pathToFileURL(file).href)}(?::(\\d+):\\d+)?`, "g");
  return output.replaceAll(place, (_match, line?: string) => {
    const found = line === undefined ? null : module.locate(Number(line));
    return found === null ? name : `${name}, cell [${found.cell}], line ${found.line}`;
  });
}
