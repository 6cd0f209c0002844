/**
 * What a teacher said, on disk: it speaks once, whoever listens, however often training is interrupted.
 *
 * A directory holds {@link TEACHER_CACHE_FILE} and a safetensors file a training step: "logits" [rows, k] F16, "ids" [rows, k] U16
 * or U32. Logits are stored as differences to the row's largest, which softmax does not see: F16 is then exact where the probability is, and
 * off by 2⁻¹¹ of the difference elsewhere. Who computes them gets them rounded in the same way as who reads them.
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import { exists, fingerprint, writeJson } from "../../core/artefacts.ts";
import { RunError, UsageError } from "../../core/errors.ts";
import { SafetensorsFile, type TensorData, writeSafetensors } from "../../core/safetensors.ts";
import type { Batch, BatchSource } from "../../shards/batch.ts";
import { tokenDType } from "../../shards/shard.ts";
import { checkVocabulary, type TeacherLogits, type TeacherModel } from "./teacher.ts";

/** What a cache's directory has, and no other. */
export const TEACHER_CACHE_FILE = "teacher.json";

/** Changes when older readers would misread the files. */
const FORMAT = 1;

const indexFile = z.strictObject({
  format: z.literal(FORMAT),
  teacher: z.string(),
  vocabularySize: z.number().int().positive(),
  topK: z.number().int().positive(),
  /** Hash of what the batches depend on. */
  data: z.string(),
});

type Index = z.infer<typeof indexFile>;

/**
 * A teacher that looks up in a directory what it was asked before, and puts there what it was not.
 *
 * @param data The batches that it will be asked about.
 * @throws {UsageError} where the teacher gives all logits, or the directory belongs to another teacher or other data.
 */
export async function cachedTeacher(
  directory: string,
  data: BatchSource,
  teacher: TeacherModel,
): Promise<TeacherModel> {
  const { name, vocabularySize, topK } = teacher;
  if (topK === null) {
    throw new UsageError(
      `${directory}: a cache of all ${vocabularySize} logits of every position is too large, expected a number as topK.`,
    );
  }
  const index: Index = { format: FORMAT, teacher: name, vocabularySize, topK, data: dataFingerprint(data) };
  const path = join(directory, TEACHER_CACHE_FILE);
  const found = await readIndex(path);
  if (found === undefined) await writeJson(path, index);
  else {
    for (const [key, what] of [["teacher", "teacher"], ["topK", "topK"], ["data", "data"]] as const) {
      if (found[key] !== index[key]) {
        throw new UsageError(`${path} belongs to another ${what}: ${found[key]}, expected ${index[key]}.`);
      }
    }
    checkVocabulary(path, found.vocabularySize, vocabularySize);
  }
  return new CachedTeacher(directory, index, teacher);
}

/**
 * A cache without its teacher.
 *
 * @param vocabularySize The student's.
 * @throws {UsageError} where there is no cache, or it belongs to other data or another vocabulary.
 */
export async function openTeacherCache(
  directory: string,
  data: BatchSource,
  vocabularySize: number,
): Promise<TeacherModel> {
  const path = join(directory, TEACHER_CACHE_FILE);
  const index = await readIndex(path);
  if (index === undefined) throw new UsageError(`${path} does not exist, expected a cache of logits.`);
  checkVocabulary(directory, index.vocabularySize, vocabularySize);
  const expected = dataFingerprint(data);
  if (index.data !== expected) {
    throw new UsageError(`${path} belongs to other data: ${index.data}, expected ${expected}.`);
  }
  return new CachedTeacher(directory, index, undefined);
}

function dataFingerprint(data: BatchSource): string {
  return fingerprint(data.state(0));
}

async function readIndex(path: string): Promise<Index | undefined> {
  if (!await exists(path)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(await Deno.readTextFile(path));
  } catch {
    throw new UsageError(`${path} is no valid JSON.`);
  }
  const parsed = indexFile.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new UsageError(`${path}: ${issue?.path.join(".") || "index"}: ${issue?.message}.`);
  }
  return parsed.data;
}

class CachedTeacher implements TeacherModel {
  readonly name: string;
  readonly vocabularySize: number;
  readonly topK: number;

  constructor(readonly directory: string, readonly index: Index, readonly teacher: TeacherModel | undefined) {
    this.name = index.teacher;
    this.vocabularySize = index.vocabularySize;
    this.topK = index.topK;
  }

  async logits(batch: Batch, step: number, signal: AbortSignal): Promise<TeacherLogits> {
    const path = join(this.directory, `step-${String(step).padStart(8, "0")}.safetensors`);
    const shape = [batch.sequences * batch.length, this.topK];
    if (await exists(path)) return await this.#read(path, shape);
    if (this.teacher === undefined) {
      throw new RunError(`${this.directory} has no logits of step ${step}, and no teacher to ask.`);
    }
    const { logits, ids } = await this.teacher.logits(batch, step, signal);
    if (ids === undefined) throw new Error("A teacher with a topK gave logits without ids.");
    const rounded = roundedDifferences(logits, this.topK);
    const narrow = tokenDType(this.vocabularySize) === "U16";
    const tensors = new Map<string, TensorData>([
      ["logits", { dtype: "F16", shape, data: rounded }],
      ["ids", { dtype: narrow ? "U16" : "U32", shape, data: narrow ? Uint16Array.from(ids) : ids }],
    ]);
    await writeSafetensors(path, tensors, { cache: fingerprint(this.index) });
    return { logits: Float32Array.from(rounded), ids };
  }

  async #read(path: string, shape: readonly number[]): Promise<TeacherLogits> {
    using file = await SafetensorsFile.open(path);
    if (file.metadata["cache"] !== fingerprint(this.index)) {
      throw new UsageError(
        `${path} belongs to another teacher or other data than ${TEACHER_CACHE_FILE} says.`,
      );
    }
    for (const name of ["logits", "ids"]) {
      if (file.info(name).shape.join() !== shape.join()) {
        throw new UsageError(
          `${path}: tensor "${name}" has shape [${file.info(name).shape}], expected [${shape}].`,
        );
      }
    }
    const { buffer } = await file.readBytes("ids");
    return {
      logits: await file.readFloat32("logits"),
      ids: file.info("ids").dtype === "U16"
        ? Uint32Array.from(new Uint16Array(buffer))
        : new Uint32Array(buffer),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.teacher?.[Symbol.asyncDispose]();
  }
}

/** Each row's differences to its first, which is its largest. */
function roundedDifferences(logits: Float32Array, k: number): Float16Array<ArrayBuffer> {
  return Float16Array.from(logits, (logit, i) => logit - (logits[i - i % k] as number));
}
