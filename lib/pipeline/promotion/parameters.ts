/**
 * The cell of a notebook that is tagged `parameters`: constants with a comment each, which become flags of its task.
 * @module
 */
import { UsageError } from "../../core/errors.ts";

/** The type of a parameter, and of its flag's value; a list of strings stands for a flag with one of them. */
export type ParameterType = "string" | "number" | "boolean" | "string[]" | readonly string[];

/** A constant of the cell. */
export interface Parameter {
  /** As in the notebook: `inputPrice`, whose flag is `--input-price`. */
  readonly name: string;
  /** Its comment, in one line. */
  readonly description: string;
  readonly type: ParameterType;
  /** null: the flag may be left out, and has no value then. */
  readonly default: string | number | boolean | readonly string[] | null;
}

/** A comment, a constant, its type where it is written, its value. */
const DECLARATION =
  /^\/\*\*(?<comment>.*?)\*\/\s*const (?<name>\w+)(?::\s*(?<type>[^=]+?))?\s*=\s*(?<value>[^;]*);/s;

/**
 * Reads the cell's constants.
 *
 * @param place What errors call the cell.
 * @throws {UsageError} for anything but constants of string, number, boolean, string[], or one of several strings, each with a
 * comment, with `| null` where there may be none.
 *
 * @example
 * ```ts
 * import { parseParameters } from "./parameters.ts";
 * import assert from "node:assert/strict";
 * assert.deepEqual(parseParameters(`/** Of a million tokens. *\/\nconst inputPrice = 0.5;`, "a.ipynb, cell [1]"), [
 *   { name: "inputPrice", description: "Of a million tokens.", type: "number", default: 0.5 },
 * ]);
 * ```
 */
export function parseParameters(source: string, place: string): Parameter[] {
  const parameters: Parameter[] = [];
  let rest = source.trim();
  while (rest !== "") {
    const { 0: text = "", groups } = DECLARATION.exec(rest) ?? {};
    if (groups === undefined) {
      throw new UsageError(
        `${place}: "${rest.split("\n")[0]}" is no parameter, expected /** what it is */ const name = value;`,
      );
    }
    const { comment = "", name = "", type, value = "" } = groups;
    const fallback = literal(value, `${place}: ${name}`);
    parameters.push({
      name,
      description: comment.replace(/\s*\n\s*\*\s*/g, " ").trim(),
      type: type === undefined ? typeOf(fallback, `${place}: ${name}`) : parseType(type, `${place}: ${name}`),
      default: fallback,
    });
    rest = rest.slice(text.length).trim();
  }
  return parameters;
}

/** A value that is written out. */
function literal(text: string, place: string): Parameter["default"] {
  let value: unknown;
  try {
    value = JSON.parse(text.trim());
  } catch {
    value = undefined;
  }
  const isList = Array.isArray(value) && value.every((entry) => typeof entry === "string");
  if (value === null || isList || ["string", "number", "boolean"].includes(typeof value)) {
    return value as Parameter["default"]; // Just checked.
  }
  throw new UsageError(
    `${place} is ${text.trim()}, expected a string, a number, true, false, null or [] of strings.`,
  );
}

function typeOf(value: Parameter["default"], place: string): ParameterType {
  const type = Array.isArray(value) ? "string[]" : typeof value;
  if (type === "string" || type === "number" || type === "boolean" || type === "string[]") return type;
  throw new UsageError(`${place} is null, expected a type beside it, such as string | null.`);
}

function parseType(text: string, place: string): ParameterType {
  const members = text.split("|").map((member) => member.trim()).filter((member) =>
    member !== "null" && member !== ""
  );
  const [only = ""] = members;
  if (members.length === 1 && ["string", "number", "boolean", "string[]"].includes(only)) {
    return only as ParameterType; // Just checked.
  }
  if (members.every((member) => /^"[^"]*"$/.test(member))) {
    return members.map((member) => member.slice(1, -1));
  }
  throw new UsageError(
    `${place} has the type ${text.trim()}, expected string, number, boolean, string[] or "one" | "other".`,
  );
}

/** Type of a flag's value as TypeScript has it. */
export function typeText({ type, default: fallback }: Parameter): string {
  const text = typeof type === "string" ? type : type.map((choice) => JSON.stringify(choice)).join(" | ");
  return fallback === null ? `${text} | null` : text;
}

/** The call that adds a parameter's flag to a command of commander. */
export function optionCall({ name, description, type, default: fallback }: Parameter): string {
  const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const text = JSON.stringify(description), value = JSON.stringify(fallback);
  if (type === "boolean") return `.option("--${fallback === true ? "no-" : ""}${flag}", ${text}, ${value})`;
  if (type === "string[]") return `.option("--${flag} <values...>", ${text}, ${value})`;
  if (fallback !== null && type === "number") {
    return `.option("--${flag} <number>", ${text}, numberFlag, ${value})`;
  }
  if (fallback !== null && type === "string") return `.option("--${flag} <value>", ${text}, ${value})`;
  const [placeholder, parser] = type === "number"
    ? ["number", ".argParser(numberFlag)"]
    : type === "string"
    ? ["value", ""]
    : ["name", `.choices(${JSON.stringify(type)})`];
  // --help would say "null".
  const shown = fallback === null ? `null, "none"` : value;
  return `.addOption(new Option("--${flag} <${placeholder}>", ${text})${parser}.default(${shown}))`;
}
