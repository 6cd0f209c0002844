/**
 * The safetensors files of a model directory: one, or shards under an index.
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import { exists } from "../core/artefacts.ts";
import { UsageError } from "../core/errors.ts";
import { SafetensorsFile } from "../core/safetensors.ts";
import { readJson } from "./json_file.ts";

/** The file of an unsharded model, and the index of a sharded one. */
export const WEIGHTS_FILE = "model.safetensors";
export const INDEX_FILE = "model.safetensors.index.json";

const index = z.object({ weight_map: z.record(z.string(), z.string()) });

/** Open files with the tensors of one model. */
export class StoredWeights implements Disposable {
  private constructor(
    /** The file, or the index, that lists the tensors. */
    readonly path: string,
    /** The file of every tensor. */
    readonly tensors: ReadonlyMap<string, SafetensorsFile>,
    private readonly files: readonly SafetensorsFile[],
  ) {}

  /**
   * Opens the one file of a directory or, where there is none, all that its index names.
   *
   * @throws {UsageError} where neither is there, a file is missing or malformed, or the index and the files do not list the
   * same tensors.
   */
  static async open(directory: string): Promise<StoredWeights> {
    const single = join(directory, WEIGHTS_FILE);
    const indexPath = join(directory, INDEX_FILE);
    if (await exists(single) || !await exists(indexPath)) {
      const file = await SafetensorsFile.open(single);
      return new StoredWeights(single, new Map([...file.tensors.keys()].map((name) => [name, file])), [file]);
    }
    const files = new Map<string, SafetensorsFile>();
    try {
      const tensors = new Map<string, SafetensorsFile>();
      for (const [tensor, name] of Object.entries(await readIndex(indexPath))) {
        const file = files.get(name) ?? await SafetensorsFile.open(join(directory, name));
        files.set(name, file);
        if (!file.tensors.has(tensor)) {
          throw new UsageError(`${file.path} has no tensor ${JSON.stringify(tensor)}.`);
        }
        tensors.set(tensor, file);
      }
      for (const [name, file] of files) {
        const unlisted = [...file.tensors.keys()].find((tensor) => tensors.get(tensor) !== file);
        if (unlisted !== undefined) {
          throw new UsageError(
            `${file.path} has a tensor ${
              JSON.stringify(unlisted)
            } that ${indexPath} does not place in ${name}.`,
          );
        }
      }
      return new StoredWeights(indexPath, tensors, [...files.values()]);
    } catch (error) {
      for (const file of files.values()) file[Symbol.dispose]();
      throw error;
    }
  }

  /** The file with a tensor. @throws {UsageError} where none has it. */
  fileOf(tensor: string): SafetensorsFile {
    const file = this.tensors.get(tensor);
    if (file === undefined) throw new UsageError(`${this.path} has no tensor ${JSON.stringify(tensor)}.`);
    return file;
  }

  /** Number of files. */
  get count(): number {
    return this.files.length;
  }

  [Symbol.dispose](): void {
    for (const file of this.files) file[Symbol.dispose]();
  }
}

async function readIndex(path: string): Promise<Record<string, string>> {
  const parsed = index.safeParse(await readJson(path));
  if (!parsed.success) {
    throw new UsageError(`${path}: weight_map is no object that gives each tensor a file.`);
  }
  const { weight_map } = parsed.data;
  const strange = Object.values(weight_map).find((name) => !/^[\w.-]+\.safetensors$/.test(name));
  if (strange !== undefined) {
    throw new UsageError(
      `${path}: weight_map names ${JSON.stringify(strange)}, expected a .safetensors file beside it.`,
    );
  }
  return weight_map;
}
