/**
 * Distillation: a teacher's logits beside the tokens of a batch (Hinton et al., 2015; the paper's mid-training).
 *
 * The paper says that the student minimises the KL divergence between its logits and those of Llama-3.1-8B-Instruct, and neither
 * temperature, direction, number of logits nor a share of cross-entropy. {@link DISTILLATION} has what that sentence means when
 * nothing is added to it.
 * @module
 */
import type { Teacher, TokenBatch } from "../../backends/backend.ts";
import { UsageError } from "../../core/errors.ts";
import type { Batch } from "../../shards/batch.ts";

/** Logits of every position of a batch [rows × V], or the k largest with their ids [rows × k], largest first. */
export type TeacherLogits = Pick<Teacher, "logits" | "ids">;

/** A model that teaches: one of ours, one behind a server, or what one of them said before. */
export interface TeacherModel extends AsyncDisposable {
  /** Tells it from every other model; equal names give equal logits. */
  readonly name: string;
  /** V: the student's has to be the same, id by id. */
  readonly vocabularySize: number;
  /** k; null: all of the vocabulary. */
  readonly topK: number | null;
  /**
   * What it says to a batch.
   *
   * @param step The batch's place in the training data.
   */
  logits(batch: Batch, step: number, signal: AbortSignal): Promise<TeacherLogits>;
}

/** What is made of a teacher's logits; see `Teacher` in lib/backends. */
export type DistillationSettings = Pick<Teacher, "temperature" | "direction" | "crossEntropyShare">;

/** τ = 1, KL(teacher ‖ student), no cross-entropy beside it. */
export const DISTILLATION: DistillationSettings = {
  temperature: 1,
  direction: "forward",
  crossEntropyShare: 0,
};

/**
 * Checks what is to be made of a teacher's logits.
 *
 * @param topK Largest logits that it gives; null: all.
 * @throws {UsageError} for the reverse direction with a teacher that gives its largest logits only, and for a setting out of range.
 */
export function checkDistillation(
  topK: number | null,
  { temperature, direction, crossEntropyShare }: DistillationSettings,
): void {
  if (direction === "reverse" && topK !== null) {
    throw new UsageError(
      `Distillation: direction is "reverse", which needs all logits of the teacher; topK is ${topK}.`,
    );
  }
  if (!(temperature > 0 && temperature < Infinity)) {
    throw new UsageError(`Distillation: temperature is ${temperature}, expected a number above 0.`);
  }
  if (!(crossEntropyShare >= 0 && crossEntropyShare <= 1)) {
    throw new UsageError(`Distillation: crossEntropyShare is ${crossEntropyShare}, expected 0 … 1.`);
  }
}

/**
 * The `prepare` of a training run that learns from a teacher.
 *
 * @throws {UsageError} as {@link checkDistillation}.
 */
export function learnFrom(
  teacher: TeacherModel,
  settings: DistillationSettings,
): (batch: Batch, step: number, signal: AbortSignal) => Promise<TokenBatch> {
  checkDistillation(teacher.topK, settings);
  const { temperature, direction, crossEntropyShare } = settings;
  return async (batch, step, signal) => ({
    ...batch,
    teacher: { ...await teacher.logits(batch, step, signal), temperature, direction, crossEntropyShare },
  });
}

/**
 * Checks that teacher and student have one vocabulary, as far as its size says.
 *
 * @throws {UsageError} where they do not.
 */
export function checkVocabulary(teacher: string, size: number, student: number): void {
  if (size !== student) {
    throw new UsageError(
      `Teacher ${teacher} has a vocabulary of ${size} tokens, the student one of ${student}: logits can only be compared over the same one.`,
    );
  }
}
