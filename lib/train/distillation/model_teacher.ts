/**
 * A teacher on our own engine.
 * @module
 */
import { join } from "node:path";
import type { ForwardBackend } from "../../backends/backend.ts";
import { sequencesOf } from "../../backends/influence.ts";
import { type BackendOptions, openForward } from "../../backends/open.ts";
import { loadConfig, loadModel } from "../../model/checkpoint.ts";
import { parameterCount } from "../../model/config.ts";
import type { Batch } from "../../shards/batch.ts";
import { checkVocabulary, type TeacherLogits, type TeacherModel } from "./teacher.ts";
import { teacherIdentity } from "./teacher_identity.ts";
import { topK } from "./top_k.ts";

/** How the model is run. */
export interface ModelTeacherSettings extends BackendOptions {
  readonly backend: ForwardBackend["name"];
  /** The student's. */
  readonly vocabularySize: number;
  /** Largest logits that are kept; null: all of them. */
  readonly topK: number | null;
}

/** Bytes a weight of a model to ask takes at most: float32, and what products read: panels, or a GPU's f16 copy; tfjs holds moments. */
const BYTES_PER_WEIGHT = { wasm: 8, webgpu: 6, tfjs: 12 } as const;

/**
 * Memory of a model directory as teacher, activations aside.
 *
 * @throws {UsageError} where the directory is no model.
 */
export async function teacherBytes(directory: string, backend: ForwardBackend["name"]): Promise<number> {
  return BYTES_PER_WEIGHT[backend] * parameterCount(await loadConfig(join(directory, "config.json")));
}

/**
 * A model directory as teacher.
 *
 * @throws {UsageError} where the directory is no model, its vocabulary is not the student's, or topK is out of range.
 */
export async function openModelTeacher(
  directory: string,
  settings: ModelTeacherSettings,
): Promise<TeacherModel> {
  const { config, weights } = await loadModel(directory);
  checkVocabulary(directory, config.vocabularySize, settings.vocabularySize);
  const backend = await openForward(settings.backend, config, weights, settings);
  return new ModelTeacher(await teacherIdentity(directory, null), backend, settings.topK);
}

class ModelTeacher implements TeacherModel {
  constructor(readonly name: string, readonly backend: ForwardBackend, readonly topK: number | null) {}

  get vocabularySize(): number {
    return this.backend.config.vocabularySize;
  }

  async logits(batch: Batch): Promise<TeacherLogits> {
    if (this.topK === null) return { logits: await this.backend.logits(batch) };
    const positions = batch.sequences * batch.length;
    const logits = new Float32Array(positions * this.topK), ids = new Uint32Array(positions * this.topK);
    // A sequence at a time: never all rows of the whole vocabulary.
    for (let sequence = 0; sequence < batch.sequences; sequence++) {
      const all = await this.backend.logits(sequencesOf(batch, sequence, 1));
      const largest = topK(all, this.vocabularySize, this.topK);
      logits.set(largest.logits, sequence * batch.length * this.topK);
      ids.set(largest.ids, sequence * batch.length * this.topK);
    }
    return { logits, ids };
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.backend[Symbol.asyncDispose]();
  }
}
