/**
 * What the stages of the experiment on word problems train on.
 * @module
 */
import { parseMixture } from "../../../core/mixture.ts";
import type { BatchSource } from "../../../shards/batch.ts";
import { packConversations } from "../../../shards/conversations.ts";
import { Loader } from "../../../shards/loader.ts";
import type { ExperimentOptions } from "./options.ts";
import { conversationOf } from "./problem_file.ts";
import type { ReadingSettings, TuningSettings } from "./settings.ts";

/** Batches of a stage on documents. */
export function documentBatches(
  stage: string,
  { mixture, schedule, sequencesPerBatch }: ReadingSettings,
  { settings: { seed, length }, sources }: Pick<ExperimentOptions, "settings" | "sources">,
): BatchSource {
  return new Loader({
    mixture: parseMixture({
      name: stage,
      method: "given",
      sources: Object.entries(mixture).map(([name, weight]) => ({ name, weight })),
      tokenizer: null,
      proxy: null,
      tokenBudget: null,
      caps: { maxEpochs: null },
      createdFrom: "the experiment's settings",
    }, "settings"),
    sources,
    seed,
    stage,
    length,
    sequencesPerBatch,
    steps: schedule.totalSteps,
  });
}

/** Batches of a stage on conversations. */
export function conversationBatches(
  stage: string,
  { problems, epochs, sequencesPerBatch }: TuningSettings,
  { settings: { seed, length }, training }: Pick<ExperimentOptions, "settings" | "training">,
): BatchSource {
  return packConversations(training.problems.slice(0, problems).map(conversationOf), length, {
    seed,
    stage,
    sequencesPerBatch,
    epochs,
    packing: "best fit",
    longer: "leave out",
  });
}
