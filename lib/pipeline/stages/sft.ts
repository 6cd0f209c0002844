/**
 * Stages "sft" and "reasoning": supervised fine-tuning on conversations, loss on what the assistant says only.
 *
 * The paper's first stage is general (short conversations), its second on long reasoning, for which the context grows and RoPE's
 * base with it. Both are the same work with other settings.
 * @module
 */
import { UsageError } from "../../core/errors.ts";
import { Random } from "../../core/random.ts";
import { loadModel } from "../../model/checkpoint.ts";
import type { ModelConfig } from "../../model/config.ts";
import {
  type Conversation as EncodedConversation,
  packConversations,
  withLossOnPrompts,
} from "../../shards/conversations.ts";
import { isHeldOut } from "../../shards/split.ts";
import { conversationSource, readConversations } from "../../sources/conversations.ts";
import { type Conversation, documentId } from "../../sources/document.ts";
import { encodeConversation, openTemplate } from "../../tokenizer/chat.ts";
import { openTokenizer } from "../../tokenizer/tokenizer.ts";
import { METRICS_FILE } from "../../train/loop.ts";
import type { Probe } from "../../train/probe.ts";
import type { Recipe } from "../recipe.ts";
import type { FinishedStage, Stage, StageContext } from "../stage.ts";
import type { CorpusResult } from "./corpus.ts";
import { recipeBenchmarks } from "./probing.ts";
import type { ShardsResult } from "./shards.ts";
import {
  BACKEND_CODE,
  modelPath,
  openProbes,
  runTraining,
  type Sampling,
  sharedRecipe,
  type TrainingResult,
} from "./training.ts";

/** A model to start from: what a stage made, or a directory with an imported model in its `model`. */
export interface StartingModel {
  readonly directory: string;
  /** Its digest tells one model from another. */
  readonly manifest: { readonly digest: string };
}

/** What fine-tuning reads. */
export interface FineTuningInputs {
  readonly corpus: FinishedStage<CorpusResult>;
  readonly shards: FinishedStage<ShardsResult>;
  readonly pretrained: StartingModel;
}

/** Settings of a fine-tuning stage. */
export type FineTuning = Recipe["sft"];

/**
 * A stage of fine-tuning over a finished model. It depends on the template's text and on what the sources' specifications say; the
 * sources' files are read when it runs.
 *
 * @throws {UsageError} where the recipe has no such stage, a source is unknown, or the template is missing or none.
 */
export async function sftStage(
  recipe: Recipe,
  inputs: FineTuningInputs,
  name: "sft" | "reasoning" = "sft",
): Promise<Stage<TrainingResult>> {
  const settings = recipe[name];
  if (settings === null) throw new UsageError(`The recipe's ${name} is null, expected a stage's settings.`);
  const sources = await Promise.all(settings.sources.map(conversationSource));
  const template = await openTemplate(settings.template);
  return {
    name,
    recipe: {
      ...sharedRecipe(recipe),
      heldOutShare: recipe.heldOutShare,
      benchmarks: recipe.curation.benchmarks,
      ...settings,
      sources,
      template: template.source,
    },
    inputs: { shards: inputs.shards.manifest.digest, pretrained: inputs.pretrained.manifest.digest },
    code: [new URL(import.meta.url), ...BACKEND_CODE],
    resumable: true,
    timed: [METRICS_FILE],
    run: (context) => fineTune(name, recipe, settings, inputs, context),
  };
}

/** A stage's conversations. */
export interface SplitConversations {
  readonly training: readonly Conversation[];
  /** Never trained on. */
  readonly heldOut: readonly Conversation[];
  /** Number of those left out since a message contains an item of one of the recipe's benchmarks. */
  readonly contaminated: number;
}

/**
 * Reads the conversations of a stage's sources. Published sets have several answers to a problem, so conversations that begin with
 * the same prompt are on the same side.
 */
export async function splitConversations(
  recipe: Recipe,
  { sources }: FineTuning = recipe.sft,
): Promise<SplitConversations> {
  const benchmarks = await recipeBenchmarks(recipe);
  const training: Conversation[] = [], heldOut: Conversation[] = [];
  let contaminated = 0;
  for (const source of sources) {
    for await (const conversation of readConversations(await conversationSource(source))) {
      if (conversation.messages.some(({ content }) => benchmarks.match(content).length > 0)) contaminated++;
      else (isHeldOut(promptId(conversation), recipe.heldOutShare) ? heldOut : training).push(conversation);
    }
  }
  return { training, heldOut, contaminated };
}

/** Identifies what comes before the assistant's first turn. */
function promptId({ messages }: Conversation): string {
  return documentId(
    JSON.stringify(messages.slice(0, messages.findIndex(({ role }) => role === "assistant"))),
  );
}

/** The model with a stage's context: RoPE's base times the factor, and room for a sequence. */
export function longerContext(config: ModelConfig, { ropeThetaFactor, length }: FineTuning): ModelConfig {
  return {
    ...config,
    ropeTheta: config.ropeTheta * ropeThetaFactor,
    maxPositions: Math.max(config.maxPositions, length),
  };
}

/**
 * Held-out conversations as two probes: "answers", what the assistant says, and "prompts", all else. Fine-tuning should lower the
 * first loss; it learns nothing from prompts. Longer ones are cut.
 *
 * @param maxTokens No further conversation once so many are reached.
 */
export function conversationProbes(
  heldOut: readonly EncodedConversation[],
  { length, sequences }: Pick<FineTuning, "length" | "sequences">,
  maxTokens: number,
): Probe[] {
  const used: EncodedConversation[] = [];
  let tokens = 0;
  for (const conversation of heldOut) {
    if (tokens >= maxTokens) break;
    if (!conversation.assistant.subarray(1, length + 1).includes(1)) continue;
    used.push(conversation);
    tokens += Math.min(conversation.tokens.length, length);
  }
  if (used.length === 0) return [];
  const probe = (name: string, conversations: readonly EncodedConversation[]): Probe => {
    const packed = packConversations(conversations, length, {
      ...{ seed: 0, stage: name, sequencesPerBatch: sequences, epochs: 1 },
      packing: "best fit",
      longer: "cut",
    });
    return { name, batches: Array.from({ length: packed.steps }, (_, step) => packed.batch(step)) };
  };
  return [probe("answers", used), probe("prompts", used.map(withLossOnPrompts))];
}

/** A stage's training data, and what is held out of it. */
async function openData(stage: "sft" | "reasoning", recipe: Recipe, settings: FineTuning) {
  const { length, sequences, epochs, packing, longer } = settings;
  const tokenizer = await openTokenizer(recipe.tokenizer);
  const template = await openTemplate(settings.template);
  const { training, heldOut, contaminated } = await splitConversations(recipe, settings);
  const encode = ({ messages }: Conversation) => encodeConversation(messages, tokenizer, template);
  const encoded = training.map(encode);
  const data = packConversations(encoded, length, {
    ...{ seed: recipe.seed, stage, epochs, packing, longer },
    sequencesPerBatch: sequences,
  });
  return { training, heldOut, contaminated, encode, encoded, data };
}

/** Updates of a stage, which follow from its data; the conversations are read for it. @throws {UsageError} as {@link sftStage}. */
export async function fineTuningSteps(
  stage: "sft" | "reasoning",
  recipe: Recipe,
  settings: FineTuning,
): Promise<number> {
  return (await openData(stage, recipe, settings)).data.steps;
}

async function fineTune(
  stage: "sft" | "reasoning",
  recipe: Recipe,
  settings: FineTuning,
  { corpus, shards, pretrained }: FineTuningInputs,
  context: StageContext,
): Promise<TrainingResult> {
  const { seed, probeTokens } = recipe;
  const { epochs, warmupRatio } = settings;
  const { training, heldOut, contaminated, encode, encoded, data } = await openData(stage, recipe, settings);
  console.error(
    `${stage}: ${encoded.length} conversations, of which ${data.leftOut} do not fit; ` +
      `${heldOut.length} held out, ${contaminated} with benchmark items dropped`,
  );
  const { config, weights } = await loadModel(modelPath(pretrained));
  return await runTraining(recipe, {
    stage,
    config: longerContext(config, settings),
    data,
    sampling: sampling(training, encoded, data.sequences * epochs, settings),
    initialWeights: weights,
    totalSteps: data.steps,
    warmupSteps: Math.round(warmupRatio * data.steps),
    settings,
    probes: [
      ...await openProbes(recipe, corpus, shards, recipe.pretrain2.length),
      ...conversationProbes(
        Random.of(seed, stage, "held out").shuffled(heldOut).map(encode),
        settings,
        probeTokens,
      ),
    ],
  }, context);
}

/** Packed sequences mix sources, so they are attributed by the sources' shares of the tokens. */
function sampling(
  conversations: readonly Conversation[],
  encoded: readonly EncodedConversation[],
  sequences: number,
  { length, epochs }: FineTuning,
): Sampling[] {
  const tokens = new Map<string, number>();
  conversations.forEach(({ source }, i) =>
    tokens.set(source, (tokens.get(source) ?? 0) + (encoded[i]?.tokens.length ?? 0))
  );
  const total = [...tokens.values()].reduce((sum, count) => sum + count, 0);
  return [...tokens].map(([source, count]) => {
    const share = Math.round(sequences * count / total);
    return { source, sequences: share, tokens: share * length, epochs };
  });
}
