/**
 * A model as a directory that transformers loads: config.json and safetensors, in the form of the model's type.
 * @module
 */
import { join } from "node:path";
import { writeJson } from "../core/artefacts.ts";
import { UsageError } from "../core/errors.ts";
import { type TensorData, writeSafetensors } from "../core/safetensors.ts";
import { type ModelConfig, parameterCount, parameterLayout } from "./config.ts";
import { configFromHuggingFace, configToHuggingFace } from "./hugging_face.ts";
import { reorderHeads, storedName } from "./hugging_face_tensors.ts";
import { readJson } from "./json_file.ts";
import { StoredWeights, WEIGHTS_FILE } from "./stored_weights.ts";

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
    parameterLayout(config).map((spec) => {
      const values = weights.subarray(spec.offset, spec.offset + spec.size);
      const data = reorderHeads(config, spec, values, "to file");
      return [storedName(config, spec.name), { dtype: "F32", shape: spec.shape, data }];
    }),
  );
  // transformers reads no file that does not say which framework wrote its layout.
  await writeSafetensors(join(directory, WEIGHTS_FILE), tensors, { format: "pt", ...metadata });
  await writeJson(join(directory, "config.json"), configToHuggingFace(config));
}

/** Reads a config.json of transformers. @throws {UsageError} where it is missing, no JSON, or not supported. */
export async function loadConfig(path: string): Promise<ModelConfig> {
  return configFromHuggingFace(await readJson(path), path);
}

/**
 * Loads a model directory written by `saveModel` or by transformers (one file or shards; F32, F16 or BF16).
 *
 * @throws {UsageError} naming the file and the tensor that is missing, misshapen or unknown.
 */
export async function loadModel(directory: string): Promise<Model> {
  const config = await loadConfig(join(directory, "config.json"));
  using stored = await StoredWeights.open(directory);
  const layout = parameterLayout(config);
  checkTensors(config, stored);
  const weights = new Float32Array(parameterCount(config));
  for (const spec of layout) {
    const name = storedName(config, spec.name);
    const values = await stored.fileOf(name).readFloat32(name);
    weights.set(reorderHeads(config, spec, values, "from file"), spec.offset);
  }
  return { config, weights };
}

/** Names and shapes, before anything is read. */
function checkTensors(config: ModelConfig, stored: StoredWeights): void {
  const layout = parameterLayout(config);
  const known = new Set(layout.map(({ name }) => storedName(config, name)));
  // A tied head is the embedding, whether or not it is stored again.
  if (config.tiedEmbeddings) known.add("lm_head.weight");
  // Old files of llama hold RoPE's frequencies, which transformers computes anew.
  const unknown = [...stored.tensors.keys()].find((name) =>
    !known.has(name) && !name.endsWith(".rotary_emb.inv_freq")
  );
  if (unknown !== undefined) {
    throw new UsageError(
      `${stored.fileOf(unknown).path}: tensor ${
        JSON.stringify(unknown)
      } is not part of the model that config.json describes.`,
    );
  }
  for (const { name, shape } of layout) {
    const tensor = storedName(config, name);
    const file = stored.fileOf(tensor);
    const found = file.info(tensor).shape;
    if (found.join() !== shape.join()) {
      throw new UsageError(
        `${file.path}: tensor "${tensor}" has shape [${found}], config.json wants [${shape}].`,
      );
    }
  }
}
