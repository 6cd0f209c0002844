/**
 * Plan of what trains the model itself: pretraining, mid-training, fine-tuning.
 * @module
 */
import { parameterCount } from "../../model/config.ts";
import { trainingFlopsPerToken } from "../../model/flops.ts";
import type { Recipe } from "../recipe.ts";
import { amount, formatBytes, type PlanInputs, type Work } from "./planned_stage.ts";
import { publishedSamples } from "./source_sizes.ts";

/** Bytes of a parameter in a model, and in a checkpoint with both moments, all in float32. */
const MODEL_BYTES = 4, CHECKPOINT_BYTES = 12;

/** Bytes of a kept logit (f16) and of its id in a vocabulary above 65,536. */
const LOGIT_BYTES = 2 + 4;

/** Logits of a position that a cache would keep, where the recipe learns from all. */
const USUAL_TOP_K = 64;

/** The size of a stage. */
interface TrainingSize {
  readonly steps: number;
  readonly sequences: number;
  readonly length: number;
  readonly checkpointEvery: number;
}

/** A stage of mid-training, with the teacher's forward passes. */
export function planMidtraining(stage: string, inputs: PlanInputs): Work {
  const { recipe, cluster } = inputs;
  const { teacher } = recipe.midtrain;
  const training = planTraining(stage, recipe.midtrain, inputs);
  if (teacher.address === null) return training;
  const forward = training.tokens * 2 * cluster.teacherParameters;
  const cacheBytes = training.tokens * (teacher.topK ?? USUAL_TOP_K) * LOGIT_BYTES;
  const size = `${teacher.topK ?? USUAL_TOP_K} logits of ${LOGIT_BYTES} bytes a token = ${
    formatBytes(cacheBytes)
  }`;
  return {
    ...training,
    flops: training.flops + forward,
    storageBytes: training.storageBytes + (teacher.cache === null ? 0 : cacheBytes),
    arithmetic: [
      ...training.arithmetic,
      `+ the teacher: 2 · ${amount(cluster.teacherParameters)} parameters × ${
        amount(training.tokens)
      } tokens = ${amount(forward)} FLOP`,
      teacher.cache === null ? `its logits are not kept: ${size}` : `its logits are kept: ${size}`,
    ],
  };
}

/** A stage of fine-tuning; its updates follow from the published sizes of its sources. */
export async function planFineTuning(
  stage: string,
  settings: Recipe["sft"],
  inputs: PlanInputs,
): Promise<Work> {
  const { sources, epochs, sequences, packing } = settings;
  const counts = await Promise.all(sources.map(publishedSamples));
  const unknown = sources.filter((_, i) => counts[i] === undefined);
  const samples = counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
  const steps = Math.ceil(samples * epochs / sequences);
  return planTraining(stage, { ...settings, steps }, inputs, [
    `${
      amount(samples)
    } conversations × ${epochs} epochs ÷ ${sequences} sequences = ${steps} updates, one conversation in a sequence${
      packing === "none" ? "" : " (fewer, packed)"
    }`,
    ...(unknown.length === 0 ? [] : [`on top comes what is not published: ${unknown.join(", ")}`]),
    "as if every sequence were full: an upper bound",
  ]);
}

/** A stage that trains the model. @param what Lines of arithmetic that come first. */
export function planTraining(
  stage: string,
  { steps, sequences, length, checkpointEvery }: TrainingSize,
  { recipe: { checkpoints: { newest, everyNth } }, cluster: { nodes, gpusPerNode }, model }: PlanInputs,
  what: readonly string[] = [],
): Work {
  const tokens = steps * sequences * length, perToken = trainingFlopsPerToken(model, length);
  const parameters = parameterCount(model);
  const kept = everyNth === null ? 0 : Math.floor(steps / (everyNth * checkpointEvery));
  const storageBytes = parameters * (MODEL_BYTES + CHECKPOINT_BYTES * (newest + kept));
  return {
    stage,
    jobs: 1,
    gpusPerJob: nodes * gpusPerNode,
    tokens,
    flops: tokens * perToken,
    storageBytes,
    arithmetic: [
      ...what,
      `${amount(steps)} updates × ${sequences} sequences × ${length} tokens = ${amount(tokens)} tokens`,
      `× ${amount(perToken)} FLOP a token (6 a parameter and attention over ${length} tokens) = ${
        amount(tokens * perToken)
      } FLOP`,
      `a model of ${formatBytes(MODEL_BYTES * parameters)} and ${newest} + ${kept} checkpoints of ${
        formatBytes(CHECKPOINT_BYTES * parameters)
      }`,
    ],
  };
}
