/**
 * The model that a path on the command line means.
 * @module
 */
import { join } from "node:path";
import { exists } from "../core/artefacts.ts";
import { UsageError } from "../core/errors.ts";
import { SafetensorsFile } from "../core/safetensors.ts";
import { QUANTISED_FILE } from "../model/quantised_checkpoint.ts";
import { openTokenizer, type Tokenizer } from "../tokenizer/tokenizer.ts";
import { recordedTokenizer } from "./recorded_tokenizer.ts";

/** Where a run or a stage has its model, the last one to be trained first. */
const PLACES = ["", "model", "sft/model", "midtrain/model", "pretrain-2/model", "pretrain-1/model"];

/**
 * The directory with config.json or a packed model: the path itself, a stage's, or that of the last model of a run.
 *
 * @throws {UsageError} where there is none.
 */
export async function findModel(path: string): Promise<string> {
  for (const place of PLACES) {
    const directory = join(path, place);
    for (const file of [QUANTISED_FILE, "config.json"]) {
      if (await exists(join(directory, file))) return directory;
    }
  }
  throw new UsageError(`${path} has no model, expected a model directory, a stage or a run.`);
}

/** The name of the tokenizer in the header of a packed model; undefined where there is none. */
async function packedTokenizer(directory: string): Promise<string | undefined> {
  const path = join(directory, QUANTISED_FILE);
  if (!await exists(path)) return undefined;
  using file = await SafetensorsFile.open(path);
  return file.metadata["tokenizer"];
}

/**
 * The tokenizer of a model: the named one, or else the one that its training stage, or its packed file, recorded.
 *
 * @throws {UsageError} where none is known, or it has another vocabulary than the model.
 */
export async function tokenizerOf(
  directory: string,
  vocabularySize: number,
  name: string | undefined,
): Promise<Tokenizer> {
  const known = name ?? await packedTokenizer(directory) ?? await recordedTokenizer(directory);
  if (known === undefined) {
    throw new UsageError(
      `${directory} does not say which tokenizer it was trained with; name it by --tokenizer, such as "llama3".`,
    );
  }
  const tokenizer = await openTokenizer(known);
  if (tokenizer.vocabularySize !== vocabularySize) {
    throw new UsageError(
      `Tokenizer "${known}" has ${tokenizer.vocabularySize} ids, the model ${vocabularySize}; it was trained with another.`,
    );
  }
  return tokenizer;
}
