/** Data and teachers small enough for any test. */
import { Random } from "../../../lib/core/random.ts";
import { saveModel } from "../../../lib/model/checkpoint.ts";
import type { ModelConfig } from "../../../lib/model/config.ts";
import { initialise } from "../../../lib/model/initialise.ts";
import type { Batch, BatchSource } from "../../../lib/shards/batch.ts";
import type { TeacherModel } from "../../../lib/train/distillation/teacher.ts";
import { SMALL_MODEL } from "../../backends/small_model.ts";

/** Two sequences of six random tokens; the first changes its document in the middle. */
export function batchOf(step: number, vocabularySize = SMALL_MODEL.vocabularySize): Batch {
  const random = Random.of(step, "teachers");
  const ids = (from: number) =>
    Uint32Array.from({ length: 12 }, (_, i) => random.below(from + i, vocabularySize));
  return {
    sequences: 2,
    length: 6,
    tokens: ids(0),
    targets: ids(100),
    documents: Uint32Array.of(0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 2, 2),
  };
}

/** Batches of a seed. */
export function dataOf(seed: number): BatchSource {
  return {
    steps: 20,
    batch: (step) => batchOf(100 * seed + step),
    state: (step) => ({ stage: "test", seed, step, fingerprint: {} }),
    checkState: () => {},
  };
}

/** A random model in a directory. */
export async function writeModel(
  directory: string,
  changes: Partial<ModelConfig> = {},
): Promise<Float32Array> {
  const config = { ...SMALL_MODEL, ...changes };
  const weights = initialise(config, 7);
  await saveModel(directory, config, weights);
  return weights;
}

/** A teacher that counts how often it is asked; its k logits descend from the batch's first token. */
export function countingTeacher(topK: number | null, name = "counting"): TeacherModel & { asked: number } {
  return {
    name,
    vocabularySize: SMALL_MODEL.vocabularySize,
    topK,
    asked: 0,
    logits({ tokens }) {
      this.asked++;
      const k = topK ?? SMALL_MODEL.vocabularySize;
      const first = tokens[0] as number;
      return Promise.resolve({
        logits: Float32Array.from({ length: tokens.length * k }, (_, i) => first - 0.1 * (i % k)),
        ids: Uint32Array.from({ length: tokens.length * k }, (_, i) => (first + i % k) % 37),
      });
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

export const SIGNAL = new AbortController().signal;
