/**
 * Whole model directories for others: in any of the three element types, in shards, with what stands beside the weights.
 * @module
 */
import { basename, dirname, join, resolve } from "node:path";
import { exists, writeFileAtomic, writeJson } from "../core/artefacts.ts";
import { RunError, UsageError } from "../core/errors.ts";
import { type DType, type TensorData, writeSafetensors } from "../core/safetensors.ts";
import type { Model } from "./checkpoint.ts";
import type { Companions, EndTokens } from "./companions.ts";
import { parameterCount, parameterLayout, type ParameterSpec } from "./config.ts";
import { toBfloat16, toFloat16 } from "./half_floats.ts";
import { configToHuggingFace } from "./hugging_face.ts";
import { reorderHeads, storedName } from "./hugging_face_tensors.ts";
import { INDEX_FILE, WEIGHTS_FILE } from "./stored_weights.ts";

/** Element types, by the names that PyTorch gives them. */
export const ELEMENT_TYPES = ["float32", "bfloat16", "float16"] as const;
export type ElementType = typeof ELEMENT_TYPES[number];

const STORED: Readonly<
  Record<ElementType, { dtype: DType; bytes: number; convert: (values: Float32Array) => ArrayBufferView }>
> = {
  float32: { dtype: "F32", bytes: 4, convert: (values) => values },
  bfloat16: { dtype: "BF16", bytes: 2, convert: toBfloat16 },
  float16: { dtype: "F16", bytes: 2, convert: toFloat16 },
};

/** How the weights are stored. */
export interface DirectoryOptions {
  readonly elements: ElementType;
  /** Bytes of tensors that a file holds at most; a larger tensor has a file of its own. */
  readonly shardBytes: number;
}

/** What was written. */
export interface WrittenDirectory {
  /** Files of weights. */
  readonly shards: number;
  /** Bytes of all tensors. */
  readonly bytes: number;
}

/**
 * Writes a model with its companions: the directory appears whole, by one rename, or not at all.
 *
 * @param out A directory that does not exist.
 * @throws {UsageError} where it does, or where a weight has no place in the element type.
 * @throws {RunError} where it cannot be written, such as for want of space.
 */
export async function writeModelDirectory(
  out: string,
  model: Model,
  { companions, tokens }: { companions: Companions; tokens: EndTokens },
  options: DirectoryOptions,
): Promise<WrittenDirectory> {
  if (await exists(out)) throw new UsageError(`${out} exists already, expected a directory to be made.`);
  const partial = join(dirname(resolve(out)), `.${basename(resolve(out))}.${Deno.pid}.partial`);
  try {
    const written = await writeWeights(partial, model, options);
    for (const [name, content] of companions) await writeFileAtomic(join(partial, name), content);
    const type = options.elements;
    await writeJson(join(partial, "config.json"), {
      ...configToHuggingFace(model.config),
      ...tokens,
      dtype: type,
      torch_dtype: type,
    });
    await Deno.rename(partial, out);
    return written;
  } catch (error) {
    await Deno.remove(partial, { recursive: true }).catch(() => {});
    // What the operating system refuses; anything else has its own sentence, or is a mistake of ours.
    const reason = error instanceof Error ? /^(.*) \(os error \d+\)/.exec(error.message)?.[1] : undefined;
    if (reason === undefined) throw error;
    throw new RunError(`${out} could not be written: ${reason}; nothing of it was left.`, { cause: error });
  }
}

/** Tensors in their order, cut into files that hold at most so many bytes. */
function shardsOf(layout: readonly ParameterSpec[], elementBytes: number, most: number): ParameterSpec[][] {
  const shards: ParameterSpec[][] = [];
  let room = 0;
  for (const spec of layout) {
    const bytes = spec.size * elementBytes;
    const shard = shards.at(-1);
    if (shard === undefined || bytes > room) {
      shards.push([spec]);
      room = most - bytes;
    } else {
      shard.push(spec);
      room -= bytes;
    }
  }
  return shards;
}

async function writeWeights(
  directory: string,
  model: Model,
  { elements, shardBytes }: DirectoryOptions,
): Promise<WrittenDirectory> {
  const { config } = model;
  const { bytes: elementBytes } = STORED[elements];
  const shards = shardsOf(parameterLayout(config), elementBytes, shardBytes);
  const number = (i: number) => String(i).padStart(5, "0");
  const files = shards.map((_, i) =>
    shards.length === 1 ? WEIGHTS_FILE : `model-${number(i + 1)}-of-${number(shards.length)}.safetensors`
  );
  const map: Record<string, string> = {};
  for (const [i, shard] of shards.entries()) {
    const file = files[i] as string; // One for each shard.
    const tensors = new Map<string, TensorData>();
    for (const spec of shard) {
      const name = storedName(config, spec.name);
      map[name] = file;
      tensors.set(name, convert(model, spec, elements));
    }
    await writeSafetensors(join(directory, file), tensors, { format: "pt" });
  }
  const bytes = parameterCount(config) * elementBytes;
  if (shards.length > 1) {
    await writeJson(join(directory, INDEX_FILE), { metadata: { total_size: bytes }, weight_map: map });
  }
  return { shards: shards.length, bytes };
}

function convert({ config, weights }: Model, spec: ParameterSpec, elements: ElementType): TensorData {
  const { dtype, convert } = STORED[elements];
  const values = weights.subarray(spec.offset, spec.offset + spec.size);
  try {
    return { dtype, shape: spec.shape, data: convert(reorderHeads(config, spec, values, "to file")) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(
      `Tensor "${storedName(config, spec.name)}": ${error.message}; bfloat16 can hold it.`,
    );
  }
}
