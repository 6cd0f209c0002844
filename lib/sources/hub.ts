/**
 * Data sets and models of the Hugging Face hub, in a folder of this machine.
 *
 * The first use writes down which commit and which files the repository has (`.hub.json`), so that every later one reads the same;
 * a file is downloaded when its turn comes, and then stays. A folder of files without that list was put there by hand, from a mirror
 * or a disk: it is read as it is, offline.
 * @module
 */
import { join, matchesGlob } from "node:path";
import { z } from "zod";
import { exists, writeJson } from "../core/artefacts.ts";
import { UsageError } from "../core/errors.ts";
import { readDirectory } from "./directory.ts";
import type { Extracted } from "./document.ts";
import { walkFiles } from "./files.ts";
import { hubCommit, type HubFile, hubListing, type HubRepository } from "./hub_client.ts";
import { downloadHubFile } from "./hub_download.ts";
import type { HubReader } from "./spec.ts";

/** A part of a repository, and where it is on this machine. */
export interface HubFolder {
  readonly repository: HubRepository;
  /** Branch, tag or commit. */
  readonly revision: string;
  /** Globs of paths inside the repository. */
  readonly files: readonly string[];
  readonly folder: string;
}

/** What a source of kind hub reads. */
export function hubFolder({ repository: name, revision, files, path: folder }: HubReader): HubFolder {
  return { repository: { type: "dataset", name }, revision, files, folder };
}

/** In a folder that was filled from the hub: its commit and files. */
export const LIST_FILE = ".hub.json";

const listSchema = z.strictObject({
  type: z.enum(["dataset", "model"]),
  name: z.string(),
  revision: z.string(),
  commit: z.string(),
  files: z.array(z.strictObject({
    // A path that leaves the folder would be written there.
    path: z.string().refine((path) => !path.startsWith("/") && !path.split("/").includes("..")),
    bytes: z.int().nonnegative(),
    sha256: z.string().nullable(),
    gitSha1: z.string().nullable(),
  })),
});

type RecordedList = z.infer<typeof listSchema>;

/** A file of a repository. */
export interface ListedFile {
  /** Inside the repository. */
  readonly path: string;
  readonly bytes: number;
  /** Downloads it, where it is not there yet. @returns Its path on this machine. */
  fetch(): Promise<string>;
}

/**
 * The files wanted, in order of their names' code units.
 *
 * @throws {UsageError} where no file matches, the folder holds another repository or revision, or the hub refuses.
 * @throws {RunError} where the hub cannot be reached.
 */
export async function listHubFiles(wanted: HubFolder, signal?: AbortSignal): Promise<ListedFile[]> {
  const { repository, folder, files: globs } = wanted;
  const matches = (path: string) => globs.some((glob) => matchesGlob(path, glob));
  if (!await exists(join(folder, LIST_FILE)) && await exists(folder)) {
    const found: ListedFile[] = [];
    for await (const path of walkFiles(folder)) {
      if (!matches(path)) continue;
      const file = join(folder, path);
      found.push({ path, bytes: (await Deno.stat(file)).size, fetch: () => Promise.resolve(file) });
    }
    if (found.length > 0) return found;
  }
  const { commit, files } = await recordedList(wanted, signal);
  const own = files.filter(({ path }) => matches(path));
  if (own.length === 0) {
    throw new UsageError(
      `No file of ${repository.type} ${repository.name} at ${commit} matches ${globs.join(", ")}.`,
    );
  }
  return own.map((file) => ({
    path: file.path,
    bytes: file.bytes,
    fetch: () => downloadHubFile({ repository, commit, file, folder, signal }),
  }));
}

/**
 * The paths on this machine of the files wanted, in the same order; each is downloaded when it is asked for.
 *
 * @throws as {@link listHubFiles}, and {RunError} where a checksum is wrong.
 */
export async function* hubFiles(wanted: HubFolder, signal?: AbortSignal): AsyncGenerator<string> {
  for (const file of await listHubFiles(wanted, signal)) yield await file.fetch();
}

/** The documents of a source, each file by its extension. @throws as {@link hubFiles} and {@link readDirectory}. */
export async function* readHub(
  reader: HubReader,
  signal: AbortSignal | undefined,
): AsyncGenerator<Extracted> {
  const { textField } = reader;
  for await (const path of hubFiles(hubFolder(reader), signal)) yield* readDirectory(path, { textField });
}

/** The list that the folder has, or that the hub gives now. */
async function recordedList(
  { repository, revision, folder }: HubFolder,
  signal?: AbortSignal,
): Promise<RecordedList> {
  const path = join(folder, LIST_FILE);
  const { type, name } = repository;
  if (!await exists(path)) {
    const commit = await hubCommit(repository, revision, signal);
    const files: HubFile[] = await hubListing(repository, commit, signal);
    const list = listSchema.safeParse({ type, name, revision, commit, files });
    if (!list.success) throw new UsageError(`The hub's list of files of ${name} has paths that leave it.`);
    await writeJson(path, list.data);
    return list.data;
  }
  const list = listSchema.safeParse(await readList(path));
  if (!list.success) {
    throw new UsageError(`${path} is no list of a hub's files: remove it to ask the hub anew.`);
  }
  const found = list.data;
  if (
    found.type !== type || found.name !== name || found.revision !== revision && found.commit !== revision
  ) {
    throw new UsageError(
      `${folder} holds ${found.type} ${found.name} at ${found.revision}, expected ${type} ${name} at ${revision}: name another folder.`,
    );
  }
  return found;
}

async function readList(path: string): Promise<unknown> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
