/**
 * A source by its reader, as a whole, or file by file, so that several processes can share it.
 * @module
 */
import { join } from "node:path";
import { readDebian } from "./debian.ts";
import { type OnSkip, readDirectory, readFile } from "./directory.ts";
import type { Extracted } from "./document.ts";
import { requirePath, walkFiles } from "./files.ts";
import { hubFolder, listHubFiles, readHub } from "./hub.ts";
import { readJsonl } from "./jsonl.ts";
import { readNpm } from "./npm.ts";
import { readParquet } from "./parquet.ts";
import type { Reader, SourceSpec } from "./spec.ts";
import { readWordProblems } from "./word_problems/read.ts";

/** What a reading can be told. */
export interface SourceOptions {
  /** Stops between two documents, and within a download. */
  readonly signal?: AbortSignal | undefined;
  /** Hears of the files of a folder that are no text. */
  readonly onSkip?: OnSkip | undefined;
}

/** A file of a source. */
export interface SourceFile {
  /** Inside the source; "" where this is all of it. */
  readonly path: string;
  /** As it lies on disk, compressed or not. */
  readonly bytes: number;
  read(): AsyncGenerator<Extracted>;
}

/** What stands for the size of a source that is no file: a package, or our own problems. */
const PACKAGE_BYTES = 1 << 24;

/** All that a source has, before its limits. */
export function readSource(reader: Reader, { signal, onSkip }: SourceOptions): AsyncGenerator<Extracted> {
  switch (reader.kind) {
    case "npm":
      return readNpm(reader);
    case "directory":
      return readDirectory(reader.path, { textField: reader.textField, onSkip });
    case "jsonl":
      return readJsonl(reader.path, reader.textField);
    case "parquet":
      return readParquet(reader.path, reader.textField);
    case "hub":
      return readHub(reader, signal);
    case "debian":
      return readDebian(reader);
    case "word-problems":
      return readWordProblems(reader);
  }
}

/**
 * The files of a folder or of a data set of the hub, in the order in which {@link readSource} reads them. Any other source counts as one
 * file, and so does one that stops after so many documents or characters.
 *
 * @throws {UsageError} where the source is not there, and as {@link listHubFiles}.
 */
export async function sourceFiles(
  { reader, limits }: SourceSpec,
  options: SourceOptions,
): Promise<SourceFile[]> {
  const files = await listFiles(reader, options);
  if (limits.documents === undefined && limits.characters === undefined && files.length > 1) return files;
  const bytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
  return [{ path: "", bytes, read: () => readSource(reader, options) }];
}

async function listFiles(reader: Reader, options: SourceOptions): Promise<SourceFile[]> {
  const whole = (bytes: number) => [{ path: "", bytes, read: () => readSource(reader, options) }];
  if (reader.kind === "hub") {
    const { textField } = reader;
    return (await listHubFiles(hubFolder(reader), options.signal)).map(({ path, bytes, fetch }) => ({
      path,
      bytes,
      read: async function* () {
        yield* readDirectory(await fetch(), { textField });
      },
    }));
  }
  if (!("path" in reader)) return whole(PACKAGE_BYTES);
  const { path: root, textField } = reader;
  const { isDirectory, size } = await requirePath(root);
  if (!isDirectory || reader.kind !== "directory") return whole(size);
  const files: SourceFile[] = [];
  for await (const path of walkFiles(root)) {
    const file = join(root, path);
    const { size: bytes } = await Deno.stat(file);
    files.push({ path, bytes, read: () => readFile(file, path, { textField, onSkip: options.onSkip }) });
  }
  return files;
}
