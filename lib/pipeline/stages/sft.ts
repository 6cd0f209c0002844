/**
 * Stage "sft": supervised fine-tuning of the pretrained model on problems with their solutions, loss on the solutions only.
 * @module
 */
import { loadModel } from "../../model/checkpoint.ts";
import { packConversations } from "../../shards/conversations.ts";
import { isHeldOut } from "../../shards/split.ts";
import { readConversations } from "../../sources/conversations.ts";
import type { Conversation } from "../../sources/document.ts";
import { sourceSpec } from "../../sources/spec.ts";
import { encodeConversation } from "../../tokenizer/chat.ts";
import { openTokenizer } from "../../tokenizer/tokenizer.ts";
import { METRICS_FILE } from "../../train/loop.ts";
import type { Recipe } from "../recipe.ts";
import type { FinishedStage, Stage, StageContext } from "../stage.ts";
import type { CorpusResult } from "./corpus.ts";
import type { ShardsResult } from "./shards.ts";
import {
  BACKEND_CODE,
  modelPath,
  openProbes,
  runTraining,
  sharedRecipe,
  type TrainingResult,
} from "./training.ts";

/** What fine-tuning reads. */
export interface FineTuningInputs {
  readonly corpus: FinishedStage<CorpusResult>;
  readonly shards: FinishedStage<ShardsResult>;
  readonly pretrained: FinishedStage<TrainingResult>;
}

/** The stage over a finished pretraining. */
export function sftStage(recipe: Recipe, inputs: FineTuningInputs): Stage<TrainingResult> {
  const { heldOutShare, sft } = recipe;
  return {
    name: "sft",
    recipe: { ...sharedRecipe(recipe), heldOutShare, ...sft },
    inputs: { shards: inputs.shards.manifest.digest, pretrained: inputs.pretrained.manifest.digest },
    code: [new URL(import.meta.url), ...BACKEND_CODE],
    resumable: true,
    timed: [METRICS_FILE],
    run: (context) => fineTune(recipe, inputs, context),
  };
}

/** A source's conversations, those for training and those that are never trained on. */
export async function splitConversations(
  { heldOutShare, sft }: Recipe,
): Promise<{ training: Conversation[]; heldOut: Conversation[] }> {
  const training: Conversation[] = [], heldOut: Conversation[] = [];
  for await (const conversation of readConversations(await sourceSpec(sft.source))) {
    (isHeldOut(conversation.id, heldOutShare) ? heldOut : training).push(conversation);
  }
  return { training, heldOut };
}

async function fineTune(
  recipe: Recipe,
  { corpus, shards, pretrained }: FineTuningInputs,
  context: StageContext,
): Promise<TrainingResult> {
  const { seed, sft } = recipe;
  const { length, sequences, epochs, warmupRatio } = sft;
  const tokenizer = await openTokenizer(recipe.tokenizer);
  const { training } = await splitConversations(recipe);
  const data = packConversations(
    training.map(({ messages }) => encodeConversation(messages, tokenizer)),
    length,
    { seed, stage: "sft", sequencesPerBatch: sequences, epochs },
  );
  const { config, weights } = await loadModel(modelPath(pretrained));
  return await runTraining(recipe, {
    stage: "sft",
    config,
    data,
    sampling: [{
      source: sft.source,
      sequences: data.sequences * epochs,
      tokens: data.sequences * epochs * length,
      epochs,
    }],
    initialWeights: weights,
    totalSteps: data.steps,
    warmupSteps: Math.round(warmupRatio * data.steps),
    settings: sft,
    probes: await openProbes(recipe, corpus, shards, recipe.pretrain2.length),
  }, context);
}
