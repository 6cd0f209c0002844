/**
 * A teacher on our own engine.
 * @module
 */
import type { TrainBackend } from "../../backends/backend.ts";
import { sequencesOf } from "../../backends/influence.ts";
import { type BackendOptions, openBackend } from "../../backends/open.ts";
import { loadModel } from "../../model/checkpoint.ts";
import type { Batch } from "../../shards/batch.ts";
import { checkVocabulary, type TeacherLogits, type TeacherModel } from "./teacher.ts";
import { teacherIdentity } from "./teacher_identity.ts";
import { topK } from "./top_k.ts";

/** How the model is run. */
export interface ModelTeacherSettings extends BackendOptions {
  readonly backend: TrainBackend["name"];
  /** The student's. */
  readonly vocabularySize: number;
  /** Largest logits that are kept; null: all of them. */
  readonly topK: number | null;
}

/**
 * A model directory as teacher. It stands beside the student with moments that it does not need: three times its weights.
 *
 * @throws {UsageError} where the directory is no model, its vocabulary is not the student's, or topK is out of range.
 */
export async function openModelTeacher(
  directory: string,
  settings: ModelTeacherSettings,
): Promise<TeacherModel> {
  const { config, weights } = await loadModel(directory);
  checkVocabulary(directory, config.vocabularySize, settings.vocabularySize);
  const backend = await openBackend(settings.backend, config, settings);
  const zeros = new Float32Array(weights.length);
  await backend.importState({ step: 0, weights, firstMoment: zeros, secondMoment: zeros });
  return new ModelTeacher(await teacherIdentity(directory, null), backend, settings.topK);
}

class ModelTeacher implements TeacherModel {
  constructor(readonly name: string, readonly backend: TrainBackend, readonly topK: number | null) {}

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
