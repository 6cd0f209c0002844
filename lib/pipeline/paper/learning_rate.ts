/**
 * What a run's learning rate led to, for Table 12.
 * @module
 */
import { meanOf } from "../../core/statistics.ts";
import type { LearningRate, Part } from "../../figures/paper/paper_run.ts";
import type { MidtrainingSummary } from "../stages/midtraining_summary.ts";
import { findManifest, madePart } from "./found.ts";
import { findEvaluation } from "./scores.ts";

/** The peak of phase 1, RankMe of the pretrained model as mid-training's summary has it, and the base model's scores if it was asked. */
export async function readLearningRate(root: string, command: string): Promise<Part<LearningRate>> {
  const pretrained = await findManifest(root, "pretrain-1");
  const summary = await findManifest<MidtrainingSummary>(root, "midtrain");
  const measured = summary?.result.rankMe?.filter(({ stage }) => stage === "pretrain-2") ?? [];
  const [first] = measured;
  if (pretrained === undefined || summary === undefined || first === undefined) {
    return { command, made: null };
  }
  const { learningRate } = pretrained.recipe as { learningRate: number }; // A stage has one type of recipe.
  return madePart(command, {
    peak: learningRate,
    rankMe: meanOf(measured.map(({ rankMe }) => rankMe)),
    positions: first.rows,
    width: first.width,
    scores: (await findEvaluation(root, "base"))?.scores ?? [],
  }, summary);
}
