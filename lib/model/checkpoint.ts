/**
 * A model as a directory that transformers loads: config.json and model.safetensors.
 * @module
 */
import { join } from "node:path";
import { writeJson } from "../core/artefacts.ts";
import { UsageError } from "../core/errors.ts";
import { SafetensorsFile, type TensorData, writeSafetensors } from "../core/safetensors.ts";
import { type ModelConfig, parameterCount, parameterLayout } from "./config.ts";
import { configFromHuggingFace, configToHuggingFace } from "./hugging_face.ts";

/** A model's function and its parameters. */
export interface Model {
  readonly config: ModelConfig;
  /** [parameters] in the order of `parameterLayout`. */
  readonly weights: Float32Array;
}

/**
 * Saves weights as float32 under transformers' tensor names. config.json comes last, so that a directory with one is whole.
 *
 * @param metadata Strings to keep in the safetensors header, such as the run that the weights come from.
 */
export async function saveModel(
  directory: string,
  config: ModelConfig,
  weights: Float32Array,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  if (weights.length !== parameterCount(config)) {
    throw new RangeError(`saveModel: ${weights.length} weights, expected ${parameterCount(config)}.`);
  }
  const tensors = new Map<string, TensorData>(
    parameterLayout(config).map(({ name, shape, offset, size }) => [
      name,
      { dtype: "F32", shape, data: weights.subarray(offset, offset + size) },
    ]),
  );
  // transformers reads no file that does not say which framework wrote its layout.
  await writeSafetensors(join(directory, "model.safetensors"), tensors, { format: "pt", ...metadata });
  await writeJson(join(directory, "config.json"), configToHuggingFace(config));
}

/** Reads a config.json of transformers. @throws {UsageError} where it is missing, no JSON, or not supported. */
export async function loadConfig(path: string): Promise<ModelConfig> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw new UsageError(`${path} does not exist.`);
    throw error;
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${path} is no valid JSON: ${(error as SyntaxError).message}.`);
  }
  return configFromHuggingFace(json, path);
}

/**
 * Loads a model directory written by `saveModel` or by transformers (one file; F32, F16 or BF16).
 *
 * @throws {UsageError} naming the file and the tensor that is missing, misshapen or unknown.
 */
export async function loadModel(directory: string): Promise<Model> {
  const config = await loadConfig(join(directory, "config.json"));
  using file = await SafetensorsFile.open(join(directory, "model.safetensors"));
  const layout = parameterLayout(config);
  const known = new Set(layout.map(({ name }) => name));
  // A tied head is the embedding, whether or not it is stored again.
  if (config.tiedEmbeddings) known.add("lm_head.weight");
  const unknown = [...file.tensors.keys()].find((name) => !known.has(name));
  if (unknown !== undefined) {
    throw new UsageError(
      `${file.path}: tensor "${unknown}" is not part of the model that config.json describes.`,
    );
  }
  for (const { name, shape } of layout) {
    const found = file.info(name).shape;
    if (found.join() !== shape.join()) {
      throw new UsageError(
        `${file.path}: tensor "${name}" has shape [${found}], config.json wants [${shape}].`,
      );
    }
  }
  const weights = new Float32Array(parameterCount(config));
  for (const { name, offset } of layout) weights.set(await file.readFloat32(name), offset);
  return { config, weights };
}
