/**
 * The teachers of a recipe that trainer.py can have.
 * @module
 */
import { join, resolve } from "node:path";
import { exists } from "../../core/artefacts.ts";
import { UsageError } from "../../core/errors.ts";
import { loadConfig } from "../../model/checkpoint.ts";
import type { Recipe } from "../../pipeline/recipe.ts";
import type { BatchSource } from "../../shards/batch.ts";
import { checkDistillation, checkVocabulary } from "../../train/distillation/teacher.ts";
import { openTeacherCache, TEACHER_CACHE_FILE } from "../../train/distillation/teacher_cache.ts";
import { isServer } from "../../train/distillation/teacher_identity.ts";
import type { TorchTeacher } from "./job.ts";

/**
 * A model directory, or logits that were kept; null: the recipe has no teacher.
 *
 * @param data What is taught on.
 * @param vocabularySize The student's.
 * @throws {UsageError} for a server, for logits that are to be kept, and for a teacher that `openTeacher` or `learnFrom` would refuse.
 */
export async function torchTeacher(
  teacher: Recipe["midtrain"]["teacher"] | undefined,
  data: BatchSource,
  vocabularySize: number,
): Promise<TorchTeacher | null> {
  if (teacher === undefined || teacher.address === null) return null;
  const { address, cache, temperature, direction, crossEntropyShare } = teacher;
  const settings = { temperature, direction, crossEntropyShare };
  if (isServer(address)) {
    throw new UsageError(
      `The teacher is the server ${address}, expected a model directory or a folder of logits: torch asks no servers.`,
    );
  }
  if (cache !== null) {
    throw new UsageError(
      `midtrain.teacher.cache is ${cache}, expected null: torch keeps no logits. Those that are there are a teacher by their folder's address.`,
    );
  }
  const directory = resolve(address);
  const cached = await exists(join(directory, TEACHER_CACHE_FILE));
  if (cached) {
    await using kept = await openTeacherCache(directory, data, vocabularySize);
    checkDistillation(kept.topK, settings);
    return { directory, cached, topK: kept.topK, ...settings };
  }
  const config = await loadConfig(join(directory, "config.json"));
  checkVocabulary(directory, config.vocabularySize, vocabularySize);
  checkDistillation(teacher.topK, settings);
  return { directory, cached, topK: teacher.topK, ...settings };
}
