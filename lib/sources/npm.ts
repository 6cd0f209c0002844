/**
 * Files of the npm packages that deno.json pins, found through Deno's own resolution: no registry is asked.
 * @module
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { UsageError } from "../core/errors.ts";
import type { Extracted } from "./document.ts";
import { extractCode } from "./extract/code.ts";
import { extractLessons, extractProblems, extractSolutions } from "./extract/curriculum.ts";
import { extractMail } from "./extract/mail.ts";
import { extractNovel } from "./extract/novel.ts";
import { extractReadmes } from "./extract/readmes.ts";
import { extractSpeeches } from "./extract/speeches.ts";
import { extractWordnet } from "./extract/wordnet.ts";
import { type PackageFiles, requirePath, walkFiles } from "./files.ts";
import type { Extractor, NpmReader } from "./spec.ts";

const EXTRACTORS: Record<Extractor, (files: PackageFiles) => AsyncGenerator<Extracted>> = {
  code: extractCode,
  readmes: extractReadmes,
  lessons: extractLessons,
  problems: extractProblems,
  solutions: extractSolutions,
  wordnet: extractWordnet,
  novel: extractNovel,
  speeches: extractSpeeches,
  mail: extractMail,
};

/**
 * The folder of an installed package.
 *
 * @throws {UsageError} where deno.json does not name the package, or it is not installed.
 */
export async function packageDirectory(name: string): Promise<string> {
  let directory: string;
  try {
    directory = dirname(fileURLToPath(import.meta.resolve(name)));
  } catch {
    throw new UsageError(
      `The npm package "${name}" is not there, expected one that deno.json names (install with: deno install).`,
    );
  }
  // The entry point lies somewhere below the package.json that bears the name.
  for (; dirname(directory) !== directory; directory = dirname(directory)) {
    try {
      const manifest = JSON.parse(await Deno.readTextFile(join(directory, "package.json")));
      if (manifest.name === name) return directory;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  throw new UsageError(`The npm package "${name}" is not installed (install with: deno install).`);
}

/**
 * Sorted paths below some folders of a package.
 *
 * @param exclude Paths, with a "/", and what lies below them; names wherever they stand.
 * @throws {UsageError} where a folder is missing.
 */
export async function* packageFiles(
  root: string,
  folders: readonly string[],
  exclude: readonly string[],
): AsyncGenerator<string> {
  for (const folder of folders) {
    await requirePath(join(root, folder));
    for await (const path of walkFiles(root, folder === "." ? "" : folder)) {
      const names = path.split("/");
      const excluded = exclude.some((entry) =>
        entry.includes("/") ? `${path}/`.startsWith(`${entry}/`) : names.includes(entry)
      );
      if (!excluded) yield path;
    }
  }
}

/** The documents that an extractor makes of a package's files. @throws {UsageError} as {@link packageDirectory}. */
export async function* readNpm(reader: NpmReader): AsyncGenerator<Extracted> {
  const root = await packageDirectory(reader.package);
  yield* EXTRACTORS[reader.extract]({ root, paths: packageFiles(root, reader.folders, reader.exclude) });
}
