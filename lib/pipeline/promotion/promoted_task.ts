/**
 * The text of the task that a notebook's tagged cells make.
 *
 * Cells speak of `options`, `signal` and `print`, which a task has and a notebook gets from `notebookTask`; `parameters` become
 * flags, cells tagged `promote` the body, in their order, those also tagged `estimate` what `--estimate` does instead.
 * @module
 */
import { dirname, join, relative } from "node:path";
import { z } from "zod";
import { UsageError } from "../../core/errors.ts";
import { type CodeCell, codeCells, type Notebook } from "../notebook.ts";
import { type Import, IMPORT_STATEMENT, importStatements, mentions, parseImports } from "./imports.ts";
import { optionCall, type Parameter, parseParameters, typeText } from "./parameters.ts";
import { provenanceComment } from "./provenance.ts";
import { splitCell } from "./statements.ts";

/** A task that is not in its file yet. */
export interface PromotedTask {
  /** `deno task NAME`, in tasks/NAME.ts. */
  readonly name: string;
  /** TypeScript, not formatted. */
  readonly text: string;
}

/** A task's name, which is its file's too. */
const TASK_NAME = /^[a-z][a-z_]*$/;

/** A notebook's metadata, where it says which task it makes. */
const promotionSchema = z.looseObject({
  promotion: z.strictObject({ task: z.string(), description: z.string() }).optional(),
});

/** What tasks are made of, beside what the cells import. */
const TASK_IMPORTS: readonly Import[] = [
  { specifier: "commander", names: [{ local: "Option", text: "Option" }] },
  { specifier: "../lib/core/command.ts", names: [{ local: "runTask", text: "runTask" }] },
  { specifier: "../lib/pipeline/promotion/flags.ts", names: [{ local: "numberFlag", text: "numberFlag" }] },
  {
    specifier: "../lib/pipeline/run_command.ts",
    names: [{ local: "runCommand", text: "runCommand" }, { local: "RunOptions", text: "type RunOptions" }],
  },
];

/** Whether a notebook has anything to promote. */
export function isPromotable(notebook: Notebook): boolean {
  return codeCells(notebook).some((cell) => hasTag(cell, "promote"));
}

/**
 * Makes a task of a notebook.
 *
 * @param path The notebook's path, relative to the project's root.
 * @param name The task's name, where the notebook's metadata has none.
 * @throws {UsageError} where no cell is tagged, a parameter is none, or nothing says a usable name for the task.
 */
export function promoteNotebook(notebook: Notebook, path: string, name?: string): PromotedTask {
  const metadata = promotionSchema.safeParse(notebook.metadata);
  if (!metadata.success) {
    const { path: key = [], message } = metadata.error.issues[0] ?? {};
    throw new UsageError(`${path}: its metadata's ${key.join(".")}: ${message}.`);
  }
  const { promotion } = metadata.data, task = name ?? promotion?.task;
  if (task === undefined) {
    throw new UsageError(`${path} does not say its task's name (metadata: promotion), expected --name.`);
  }
  if (!TASK_NAME.test(task)) {
    throw new UsageError(`The task of ${path} is "${task}", expected a name of small letters and _.`);
  }
  const cells = codeCells(notebook);
  const place = (cell: CodeCell) => `${path}, cell [${cells.indexOf(cell) + 1}]`;
  const parameters = cells.filter((cell) => hasTag(cell, "parameters"))
    .flatMap((cell) => parseParameters(cell.source, place(cell)));
  const promoted = cells.filter((cell) => hasTag(cell, "promote"));
  if (promoted.length === 0) {
    throw new UsageError(`No cell of ${path} is tagged promote, expected one or more.`);
  }

  const parts = promoted.map((cell) => ({
    id: cellId(cell),
    isEstimate: hasTag(cell, "estimate"),
    ...splitCell(cell.source.replace(IMPORT_STATEMENT, "")),
  }));
  const body = parts.filter(({ statements }) => statements !== "").map(({ id, isEstimate, statements }) =>
    isEstimate
      ? `// Cell ${id}.\nif (options.estimate) {\n${statements}\nreturn;\n}`
      : `// Cell ${id}.\n${statements}`
  );
  const used = parameters.filter((parameter) => mentions(body.join("\n"), parameter.name));
  const title = promotion?.description ?? titleOf(notebook) ?? task;
  const code = [
    ...commandText(task, title, parameters),
    ...optionsType(parameters),
    `await runTask<${parameters.length === 0 ? "RunOptions" : "Options"}>(command, async (options, ${
      contextOf(body)
    }) => {`,
    ...(used.length === 0
      ? []
      : [`const { ${used.map((parameter) => parameter.name).join(", ")} } = options;`]),
    body.join("\n\n"),
    "});",
    ...parts.filter(({ declarations }) => declarations !== "").map(({ id, declarations }) =>
      `\n// Cell ${id}.\n\n${declarations}`
    ),
  ].join("\n");
  const imports = cells.flatMap((cell) => parseImports(cell.source, place(cell))).map((each) =>
    moved(each, path)
  );
  const ids = [...cells.filter((cell) => hasTag(cell, "parameters")), ...promoted].map(cellId);
  return {
    name: task,
    text: [
      provenanceComment({ name: task, title, notebook: path, cells: ids }),
      ...importStatements([...TASK_IMPORTS, ...imports], code),
      "",
      code,
      "",
    ].join("\n"),
  };
}

function hasTag({ metadata }: CodeCell, tag: string): boolean {
  return metadata.tags?.includes(tag) ?? false;
}

/** nbformat 4.5 gives every cell an id. */
function cellId(cell: CodeCell): string {
  return typeof cell["id"] === "string" ? cell["id"] : "without id";
}

/** The first heading. */
function titleOf({ cells }: Notebook): string | undefined {
  return cells.map(({ source }) => /^# (.*)$/m.exec(source)?.[1]).find((title) => title !== undefined);
}

function commandText(task: string, title: string, parameters: readonly Parameter[]): string[] {
  const call = `const command = runCommand(${JSON.stringify(task)}, ${JSON.stringify(title)})`;
  return [`${[call, ...parameters.map(optionCall)].join("\n")};`, ""];
}

function optionsType(parameters: readonly Parameter[]): string[] {
  if (parameters.length === 0) return [];
  const members = parameters.map((parameter) => `readonly ${parameter.name}: ${typeText(parameter)};`);
  return ["interface Options extends RunOptions {", ...members, "}", ""];
}

/** What the body needs of a task's context. */
function contextOf(body: readonly string[]): string {
  return `{ ${["signal", "print"].filter((name) => mentions(body.join("\n"), name)).join(", ")} }`;
}

/** Specifiers as they are seen from tasks/. */
function moved({ specifier, names }: Import, notebook: string): Import {
  if (!specifier.startsWith(".")) return { specifier, names };
  const path = relative("tasks", join(dirname(notebook), specifier)).replaceAll("\\", "/");
  return { specifier: path.startsWith(".") ? path : `./${path}`, names };
}
