/**
 * Packed models on disk: one safetensors file that says everything.
 *
 * For every matrix NAME of `parameterLayout`: "NAME.packed", U8 [rows, columns/2], and "NAME.scales", F16 [rows, groups], as
 * quantisation.ts describes them; for every norm "NAME", F32. Heads of q and k have our order of elements, neighbours that
 * rotate together, whatever the type. Metadata: format, activation_bits, and config, the text of transformers' config.json.
 * @module
 */
import { join } from "node:path";
import { exists } from "../core/artefacts.ts";
import { UsageError } from "../core/errors.ts";
import { SafetensorsFile, type TensorData, writeSafetensors } from "../core/safetensors.ts";
import { loadModel, type Model } from "./checkpoint.ts";
import { type ModelConfig, parameterLayout, type ParameterSpec } from "./config.ts";
import { toFloat16 } from "./half_floats.ts";
import { configFromHuggingFace, configToHuggingFace } from "./hugging_face.ts";
import type { QuantisedMatrix, QuantisedModel } from "./quantisation.ts";

/** The file of a packed model in its directory. */
export const QUANTISED_FILE = "quantised.safetensors";

const FORMAT = "4-bit groups";

/**
 * Saves a packed model, atomically; equal models give equal bytes.
 *
 * @param metadata Strings to keep in the header, such as the name of the tokenizer.
 * @returns Bytes of its tensors.
 */
export async function saveQuantisedModel(
  directory: string,
  model: QuantisedModel,
  metadata: Readonly<Record<string, string>> = {},
): Promise<number> {
  const tensors = new Map<string, TensorData>();
  for (const { name } of parameterLayout(model.config)) {
    const matrix = model.matrices.get(name);
    const norm = model.norms.get(name);
    if (matrix !== undefined) {
      const { rows, columns, group, packed, scales } = matrix;
      tensors.set(`${name}.packed`, { dtype: "U8", shape: [rows, columns / 2], data: packed });
      const data = toFloat16(scales);
      tensors.set(`${name}.scales`, { dtype: "F16", shape: [rows, columns / group], data });
    } else if (norm !== undefined) {
      tensors.set(name, { dtype: "F32", shape: [norm.length], data: norm });
    } else {
      throw new RangeError(`The packed model has no parameter ${JSON.stringify(name)}.`);
    }
  }
  await writeSafetensors(join(directory, QUANTISED_FILE), tensors, {
    ...metadata,
    format: FORMAT,
    activation_bits: String(model.activationBits),
    config: JSON.stringify(configToHuggingFace(model.config)),
  });
  return [...tensors.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
}

/**
 * Loads a packed model.
 *
 * @throws {UsageError} naming the file and what is missing, misshapen, unknown or out of range in it.
 */
export async function loadQuantisedModel(directory: string): Promise<QuantisedModel> {
  using file = await SafetensorsFile.open(join(directory, QUANTISED_FILE));
  const { config, activationBits } = readMetadata(file);
  const layout = parameterLayout(config);
  const known = new Set(layout.flatMap((spec) => namesOf(spec)));
  const unknown = [...file.tensors.keys()].find((name) => !known.has(name));
  if (unknown !== undefined) {
    throw new UsageError(
      `${file.path}: tensor ${JSON.stringify(unknown)} is not part of the model that its config describes.`,
    );
  }
  const matrices = new Map<string, QuantisedMatrix>();
  const norms = new Map<string, Float32Array>();
  for (const spec of layout) {
    if (spec.kind === "norm") norms.set(spec.name, await readNorm(file, spec));
    else matrices.set(spec.name, await readMatrix(file, spec));
  }
  return { config, matrices, norms, activationBits };
}

/** Loads a directory with a packed model, or else one with a whole one. @throws {UsageError} as both do. */
export async function loadAnyModel(directory: string): Promise<Model | QuantisedModel> {
  const packed = await exists(join(directory, QUANTISED_FILE));
  return packed ? await loadQuantisedModel(directory) : await loadModel(directory);
}

function namesOf({ name, kind }: ParameterSpec): string[] {
  return kind === "norm" ? [name] : [`${name}.packed`, `${name}.scales`];
}

function readMetadata(file: SafetensorsFile): { config: ModelConfig; activationBits: 8 | 0 } {
  const { format, activation_bits: bits, config = "" } = file.metadata;
  if (format !== FORMAT) {
    throw new UsageError(`${file.path}: format is ${JSON.stringify(format)}, expected "${FORMAT}".`);
  }
  if (bits !== "8" && bits !== "0") {
    throw new UsageError(`${file.path}: activation_bits is ${JSON.stringify(bits)}, expected "8" or "0".`);
  }
  let json: unknown;
  try {
    json = JSON.parse(config);
  } catch {
    throw new UsageError(`${file.path}: its config is no valid JSON.`);
  }
  return { config: configFromHuggingFace(json, file.path), activationBits: bits === "8" ? 8 : 0 };
}

async function readNorm(file: SafetensorsFile, { name, shape }: ParameterSpec): Promise<Float32Array> {
  checkTensor(file, name, "F32", shape);
  return await file.readFloat32(name);
}

async function readMatrix(
  file: SafetensorsFile,
  { name, shape: [rows = 0, columns = 0] }: ParameterSpec,
): Promise<QuantisedMatrix> {
  const [packedName, scalesName] = [`${name}.packed`, `${name}.scales`];
  checkTensor(file, packedName, "U8", [rows, columns / 2]);
  const groups = file.info(scalesName).shape[1] ?? 0;
  checkTensor(file, scalesName, "F16", [rows, groups]);
  const group = columns / groups;
  if (!Number.isSafeInteger(group) || group % 2 !== 0) {
    throw new UsageError(
      `${file.path}: tensor "${scalesName}" has ${groups} groups, which do not cut ${columns} columns evenly.`,
    );
  }
  const scales = await file.readFloat32(scalesName);
  const strange = scales.find((scale) => !(scale >= 0 && scale < Infinity));
  if (strange !== undefined) {
    throw new UsageError(
      `${file.path}: tensor "${scalesName}" has a scale of ${strange}, expected finite ones of at least 0.`,
    );
  }
  return { name, rows, columns, group, packed: await file.readBytes(packedName), scales };
}

function checkTensor(file: SafetensorsFile, name: string, dtype: string, shape: readonly number[]): void {
  const found = file.info(name);
  if (found.dtype !== dtype || found.shape.join() !== shape.join()) {
    throw new UsageError(
      `${file.path}: tensor "${name}" is ${found.dtype} [${found.shape}], its config wants ${dtype} [${shape}].`,
    );
  }
}
