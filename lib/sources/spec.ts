/**
 * Source specifications: one JSON file per source in `data/sources`, saying where its documents come from and how many.
 * @module
 */
import { dirname, isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { exists } from "../core/artefacts.ts";
import { UsageError } from "../core/errors.ts";
import { readNamedJson } from "../core/named_file.ts";

/** What a document is good for; "mail" is the low-quality class, "other" someone's own data. */
const domain = z.enum(["code", "math", "knowledge", "mail", "other"]);

/** How the files of an npm package become documents; one module each in `extract/`. */
const extractor = z.enum([
  "code",
  "readmes",
  "lessons",
  "problems",
  "solutions",
  "wordnet",
  "novel",
  "speeches",
  "mail",
]);

const reader = z.discriminatedUnion("kind", [
  /** Files of an npm package that deno.json pins. `folders` are paths inside it; `exclude` paths, or names wherever they stand. */
  z.strictObject({
    kind: z.literal("npm"),
    package: z.string().min(1),
    extract: extractor,
    folders: z.array(z.string()).min(1).default(["."]),
    exclude: z.array(z.string()).default([]),
  }),
  /** A folder (or one file) of text, code, Markdown, LaTeX, and of JSONL and parquet shards. */
  z.strictObject({ kind: z.literal("directory"), path: z.string().min(1), textField: z.string().optional() }),
  /** A file of one JSON object a line, plain, .gz or .zst. */
  z.strictObject({ kind: z.literal("jsonl"), path: z.string().min(1), textField: z.string().optional() }),
  z.strictObject({ kind: z.literal("parquet"), path: z.string().min(1), textField: z.string().optional() }),
  /** Files of a data set on the Hugging Face hub, downloaded as they are read into the folder `path`, or put there by hand. */
  z.strictObject({
    kind: z.literal("hub"),
    repository: z.string().regex(/^[\w.-]+\/[\w.-]+$/, 'must be a name like "allenai/peS2o"'),
    /** Branch, tag or commit; what a branch is at the first download is written down, and stays. */
    revision: z.string().min(1).default("main"),
    /** Globs of paths inside the repository. */
    files: z.array(z.string().min(1)).min(1),
    path: z.string().min(1),
    textField: z.string().optional(),
  }),
  /** Files of a Debian package, downloaded once by apt. */
  z.strictObject({
    kind: z.literal("debian"),
    package: z.string().regex(/^[a-z0-9][a-z0-9+.-]+$/, "must be the name of a Debian package"),
    folders: z.array(z.string()).min(1).default(["."]),
  }),
  /** Our own arithmetic problems, made up as they are read: number facts, told stories, or questions with answers. */
  z.strictObject({
    kind: z.literal("word-problems"),
    texts: z.enum(["facts", "stories", "problems"]),
    /** Which of the disjoint sets of templates. */
    split: z.enum(["training", "held out"]).default("training"),
    seed: z.int().nonnegative().default(1),
    count: z.int().positive(),
  }),
]);

const limits = z.strictObject({
  /** Keep this share of the documents, chosen by their ids: the same ones anywhere, in any order. */
  share: z.number().positive().max(1).default(1),
  /** Stop after so many documents. */
  documents: z.int().positive().optional(),
  /** Stop once the documents have so many characters. */
  characters: z.int().positive().optional(),
  /** Split longer documents: at a blank line, else at a line end, else at a space. */
  documentCharacters: z.int().min(100).optional(),
});

const specSchema = z.strictObject({
  name: z.string().regex(
    /^[a-z0-9]([a-z0-9 ._-]*[a-z0-9._-])?$/i,
    "must be a name of letters, digits, '.', '_', '-' and spaces between them",
  ),
  domain,
  /** SPDX identifier, or "unknown". Holds for documents that state none of their own. */
  licence: z.string().min(1),
  description: z.string(),
  reader,
  limits: limits.default({ share: 1 }),
});

/** A source: its name, its domain, its reader and how much of it is wanted. */
export type SourceSpec = z.infer<typeof specSchema>;
/** Reader of our own word problems. */
export type WordProblemReader = Extract<Reader, { kind: "word-problems" }>;
/** Reader of a data set of the Hugging Face hub. */
export type HubReader = Extract<Reader, { kind: "hub" }>;
/** How the documents of a source are found. */
export type Reader = SourceSpec["reader"];
/** Reader of an npm package. */
export type NpmReader = Extract<Reader, { kind: "npm" }>;
/** How the files of an npm package become documents. */
export type Extractor = z.infer<typeof extractor>;
/** What a document is good for. */
export type Domain = z.infer<typeof domain>;

/** The sources of this project. */
const FOLDER = new URL("../../data/sources/", import.meta.url);

/**
 * Checks a specification. A relative path in it starts at the folder of the file it came from.
 *
 * @param origin That file, for messages and paths.
 * @throws {UsageError} naming the file and the field.
 *
 * @example
 * ```ts
 * import { parseSourceSpec } from "./spec.ts";
 * import assert from "node:assert/strict";
 * const spec = parseSourceSpec({
 *   name: "notes", domain: "other", licence: "CC0-1.0", description: "my notes", reader: { kind: "directory", path: "notes" },
 * }, "/home/me/notes.json");
 * assert.deepEqual(spec.reader, { kind: "directory", path: "/home/me/notes" });
 * ```
 */
export function parseSourceSpec(value: unknown, origin: string): SourceSpec {
  const parsed = specSchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new UsageError(`${origin}: ${issue?.path.join(".") || "source"}: ${issue?.message}.`);
  }
  const spec = parsed.data;
  const { reader } = spec;
  if (!("path" in reader) || isAbsolute(reader.path)) return spec;
  return { ...spec, reader: { ...reader, path: join(dirname(origin), reader.path) } };
}

/**
 * Every specification in a folder, sorted by file name.
 *
 * @throws {UsageError} for a folder without specifications, a broken file, or a name used twice.
 */
export async function loadSourceSpecs(directory: string = fileURLToPath(FOLDER)): Promise<SourceSpec[]> {
  const files: string[] = [];
  try {
    for await (const entry of Deno.readDir(directory)) {
      if (entry.isFile && entry.name.endsWith(".json")) files.push(join(directory, entry.name));
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw new UsageError(`${directory} does not exist.`);
    throw error;
  }
  if (files.length === 0) {
    throw new UsageError(`${directory} has no source specifications, expected .json files.`);
  }
  const specs: SourceSpec[] = [];
  for (const file of files.sort()) {
    let value: unknown;
    try {
      value = JSON.parse(await Deno.readTextFile(file));
    } catch (error) {
      if (error instanceof SyntaxError) throw new UsageError(`${file} is no valid JSON: ${error.message}.`);
      throw error;
    }
    const spec = parseSourceSpec(value, file);
    if (specs.some(({ name }) => name === spec.name)) {
      throw new UsageError(`${file}: source "${spec.name}" is specified twice.`);
    }
    specs.push(spec);
  }
  return specs;
}

/**
 * One of the project's sources by its name ("three"; in a folder: "mobilellm-r1/starcoder"), or a file (anything else with a slash or a
 * dot in it) that specifies one.
 *
 * @throws {UsageError} for an unknown name, listing the known ones, or a broken file.
 */
export async function sourceSpec(nameOrPath: string): Promise<SourceSpec> {
  const inFolder = /^[\w-]+\/[\w-]+$/.test(nameOrPath)
    ? fileURLToPath(new URL(`${nameOrPath}.json`, FOLDER))
    : undefined;
  const named = inFolder !== undefined && await exists(inFolder) ? inFolder : nameOrPath;
  const { path, value } = await readNamedJson("source", named, FOLDER);
  return parseSourceSpec(value, path);
}
