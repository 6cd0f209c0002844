/**
 * Import statements of a notebook's cells, merged to those of one module.
 * @module
 */
import { UsageError } from "../../core/errors.ts";

/** A name that a module gets from another. */
interface ImportedName {
  /** What it is called here. */
  readonly local: string;
  /** As the statement has it: "a", "type B", "c as d", "* as e", or "default". */
  readonly text: string;
}

/** What one module is imported for. */
export interface Import {
  readonly specifier: string;
  readonly names: readonly ImportedName[];
}

/** One import statement, possibly over several lines. */
export const IMPORT_STATEMENT = /^import\s(?:[^;"']*\sfrom\s*)?["'][^"'\n]*["'];?[ \t]*$/gm;

const PARTS = /^import\s+(?<type>type\s+)?(?<clause>[^"']*?)\s*from\s*["'](?<specifier>[^"']*)["']/s;

/**
 * Reads a cell's import statements.
 *
 * @param place What errors call the cell.
 * @throws {UsageError} for an import without names: what it does to the notebook, a task would not show.
 */
export function parseImports(source: string, place: string): Import[] {
  return [...source.matchAll(IMPORT_STATEMENT)].map(([statement]) => {
    const { type, clause, specifier } = PARTS.exec(statement)?.groups ?? {};
    if (clause === undefined || specifier === undefined) {
      throw new UsageError(`${place}: ${statement} imports no names, expected some.`);
    }
    const [, first = "", braces = ""] = /^([^{]*?),?\s*(?:\{(.*)\})?$/s.exec(clause.trim()) ?? [];
    const named = braces.split(",").map((text) => text.trim()).filter((text) => text !== "")
      .map((text) => type === undefined || text.startsWith("type ") ? text : `type ${text}`);
    return {
      specifier,
      names: [
        ...(first === "" ? [] : [
          first.startsWith("*")
            ? { local: localName(first), text: first }
            : { local: first, text: `default as ${first}` },
        ]),
        ...named.map((text) => ({ local: localName(text), text })),
      ],
    };
  });
}

/** "type A as B" is called B here. */
function localName(text: string): string {
  return text.split(/\s+/).at(-1) ?? text;
}

/** Whether code names something; a member's name, after a dot, is another thing, but what is spread, after three dots, is not. */
export function mentions(code: string, name: string): boolean {
  return new RegExp(`(?<![\\w$]|(?<!\\.\\.)\\.)${RegExp.escape(name)}(?![\\w$])`).test(code);
}

/**
 * Writes the statements that code needs, a module once, sorted.
 *
 * @param imports What there is; the first to bring a name has it.
 * @param code What decides which names are needed.
 */
export function importStatements(imports: readonly Import[], code: string): string[] {
  const known = new Set<string>(), modules = new Map<string, ImportedName[]>();
  for (const { specifier, names } of imports) {
    for (const name of names) {
      if (known.has(name.local) || !mentions(code, name.local)) continue;
      known.add(name.local);
      modules.set(specifier, [...modules.get(specifier) ?? [], name]);
    }
  }
  // Packages first, as everywhere here.
  const place = (specifier: string) => `${specifier.startsWith(".") ? 1 : 0} ${specifier}`;
  return [...modules].sort(([a], [b]) => place(a) < place(b) ? -1 : 1).flatMap(([specifier, names]) => {
    const whole = names.filter(({ text }) => text.startsWith("*"));
    const rest = names.filter(({ text }) => !text.startsWith("*")).map(({ text }) => text);
    const from = `from ${JSON.stringify(specifier)};`;
    const areTypes = rest.every((text) => text.startsWith("type "));
    const braces = areTypes ? rest.map((text) => text.replace(/^type /, "")) : rest;
    return [
      ...whole.map(({ text }) => `import ${text} ${from}`),
      ...(rest.length === 0 ? [] : [`import ${areTypes ? "type " : ""}{ ${braces.join(", ")} } ${from}`]),
    ];
  });
}
