/**
 * Models from elsewhere and for elsewhere: whole directories as transformers writes and reads them.
 * @module
 */
import { UsageError } from "../core/errors.ts";
import { tokenizerFiles } from "../tokenizer/hugging_face.ts";
import { loadModel } from "./checkpoint.ts";
import {
  type Companions,
  type EndTokens,
  GENERATION_FILE,
  generationConfig,
  readCompanions,
} from "./companions.ts";
import { type ModelConfig, parameterCount } from "./config.ts";
import { type DirectoryOptions, writeModelDirectory, type WrittenDirectory } from "./model_directory.ts";
import { StoredWeights } from "./stored_weights.ts";

/** What was done. */
export interface Interchange extends WrittenDirectory {
  readonly config: ModelConfig;
  readonly parameters: number;
  /** Names of the files beside config.json and the weights. */
  readonly companions: readonly string[];
}

/** What was read. */
export interface Imported extends Interchange {
  readonly files: number;
  /** Element types of its tensors, as safetensors names them, sorted. */
  readonly dtypes: readonly string[];
}

/**
 * Checks a directory of transformers and writes it in the form that every stage here reads and writes: config.json and one file of
 * float32. Tokenizer, chat template and generation settings go along.
 *
 * @throws {UsageError} for what is missing, damaged or not supported, naming it.
 * @throws {RunError} where `out` cannot be written.
 */
export async function importModel(directory: string, out: string): Promise<Imported> {
  const model = await loadModel(directory);
  const beside = await readCompanions(directory);
  const written = await writeModelDirectory(out, model, beside, {
    elements: "float32",
    shardBytes: Infinity,
  });
  using stored = await StoredWeights.open(directory);
  const dtypes = [...stored.tensors].map(([name, file]) => file.info(name).dtype);
  return {
    ...written,
    ...summary(model.config, beside.companions),
    files: stored.count,
    dtypes: [...new Set(dtypes)].sort(),
  };
}

/** How a model is exported. */
export interface ExportOptions extends DirectoryOptions {
  /** Name of the tokenizer that the model was trained with; "none": it goes without. Absent: the directory has its files. */
  readonly tokenizer?: string;
}

/**
 * Writes a model directory for transformers, of the type that the model has, with its tokenizer, chat template and generation
 * settings.
 *
 * @param directory With config.json and weights, such as `model` of a training stage, or an imported one.
 * @throws {UsageError} for what is missing or damaged, or a tokenizer that the model was not trained with.
 * @throws {RunError} where `out` cannot be written.
 */
export async function exportModel(
  directory: string,
  out: string,
  { tokenizer, ...options }: ExportOptions,
): Promise<Interchange> {
  const model = await loadModel(directory);
  const own = await readCompanions(directory);
  const beside = tokenizer === undefined || tokenizer === "none"
    ? own
    : await ourCompanions(tokenizer, model.config);
  const has = [...own.companions.keys()].some((name) => name.startsWith("tokenizer"));
  if (tokenizer === undefined && !has) {
    throw new UsageError(
      `${directory} has no tokenizer; name the one that it was trained with, such as "llama3", or "none".`,
    );
  }
  if (tokenizer !== undefined && has) {
    throw new UsageError(
      `Tokenizer is "${tokenizer}", but ${directory} has the files of its own; expected none to be named.`,
    );
  }
  const written = await writeModelDirectory(out, model, beside, options);
  return { ...written, ...summary(model.config, beside.companions) };
}

/** The files of one of our tokenizers, and generation settings that end at the end of a text or of a turn. */
async function ourCompanions(
  name: string,
  config: ModelConfig,
): Promise<{ companions: Companions; tokens: EndTokens }> {
  const { tokenizer, files } = await tokenizerFiles(name, config.maxPositions);
  if (tokenizer.vocabularySize !== config.vocabularySize) {
    throw new UsageError(
      `Tokenizer "${name}" has ${tokenizer.vocabularySize} tokens, the model ${config.vocabularySize}; it was trained with another.`,
    );
  }
  const { beginOfText, endOfText, endOfTurn } = tokenizer.special;
  const tokens = { bos_token_id: beginOfText, eos_token_id: [endOfText, endOfTurn] };
  return { companions: files.set(GENERATION_FILE, generationConfig(tokens)), tokens };
}

function summary(config: ModelConfig, companions: Companions) {
  return { config, parameters: parameterCount(config), companions: [...companions.keys()].sort() };
}
