/**
 * JSON files that a person names: "demo" is one that comes with the project, "./mine.json" a file of their own.
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { UsageError } from "./errors.ts";

/** A file's path and its parsed content. */
export interface NamedFile {
  readonly path: string;
  readonly value: unknown;
}

/**
 * Reads FOLDER/NAME.json, or a path (anything with a slash or a dot in it).
 *
 * @param what "recipe", "mixture": for messages.
 * @throws {UsageError} where there is no such file, listing the known names, or where it is no JSON.
 */
export async function readNamedJson(what: string, nameOrPath: string, folder: URL): Promise<NamedFile> {
  const path = /[/\\.]/.test(nameOrPath) ? nameOrPath : join(fileURLToPath(folder), `${nameOrPath}.json`);
  try {
    return { path, value: JSON.parse(await Deno.readTextFile(path)) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      const known = [...Deno.readDirSync(folder)].filter(({ name }) => name.endsWith(".json"))
        .map(({ name }) => name.replace(/\.json$/, "")).sort();
      throw new UsageError(
        `${what} "${nameOrPath}" does not exist, expected a file or one of ${known.join(", ")}.`,
      );
    }
    if (error instanceof SyntaxError) throw new UsageError(`${path} is no valid JSON: ${error.message}.`);
    throw error;
  }
}
