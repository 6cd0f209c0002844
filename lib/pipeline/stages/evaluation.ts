/**
 * Stage "evaluation": the pretrained model's perplexity on every probing set beside the unigram model's, and what the
 * models write.
 * @module
 */
import type { TrainBackend } from "../../backends/backend.ts";
import { Random } from "../../core/random.ts";
import { generate } from "../../generate/generate.ts";
import { loadModel } from "../../model/checkpoint.ts";
import { unigramNegativeLogLikelihood } from "../../shards/probe.ts";
import { openShards } from "../../shards/reader.ts";
import { encodePrompt, openTemplate } from "../../tokenizer/chat.ts";
import { openTokenizer, type Tokenizer } from "../../tokenizer/tokenizer.ts";
import { meanNegativeLogLikelihood } from "../../train/probe.ts";
import type { Mixture } from "../../core/mixture.ts";
import type { Recipe } from "../recipe.ts";
import type { FinishedStage, Stage, StageContext } from "../stage.ts";
import { splitConversations } from "./sft.ts";
import type { CorpusResult } from "./corpus.ts";
import { type ShardsResult, trainPath } from "./shards.ts";
import {
  BACKEND_CODE,
  modelPath,
  openProbes,
  recipeBackend,
  sharedRecipe,
  type TrainingResult,
} from "./training.ts";

/** What the evaluation reads. */
export interface EvaluationInputs {
  readonly corpus: FinishedStage<CorpusResult>;
  readonly shards: FinishedStage<ShardsResult>;
  /** The mixture that the unigram model is fitted to: the first phase's. */
  readonly mixture: Mixture;
  readonly pretrained: FinishedStage<TrainingResult>;
  readonly fineTuned: FinishedStage<TrainingResult>;
}

/** A capability's score. */
export interface ProbeScore {
  readonly name: string;
  /** Of the pretrained model. */
  readonly perplexity: number;
  /** Of the unigram model on the same targets. */
  readonly unigram: number;
}

/** A text that a model wrote. */
export interface Sample {
  readonly stage: string;
  readonly prompt: string;
  readonly text: string;
}

/** The stage's result. */
export interface EvaluationResult {
  readonly probes: readonly ProbeScore[];
  readonly samples: readonly Sample[];
}

/** The stage over two finished models. */
export function evaluationStage(recipe: Recipe, inputs: EvaluationInputs): Stage<EvaluationResult> {
  const { mixture, shards, pretrained, fineTuned } = inputs;
  return {
    name: "evaluation",
    recipe: {
      ...sharedRecipe(recipe),
      samples: recipe.samples,
      length: recipe.pretrain2.length,
      conversations: {
        sources: recipe.sft.sources,
        length: recipe.sft.length,
        template: recipe.sft.template,
        heldOutShare: recipe.heldOutShare,
      },
      mixture,
    },
    inputs: {
      shards: shards.manifest.digest,
      pretrained: pretrained.manifest.digest,
      fineTuned: fineTuned.manifest.digest,
    },
    code: [new URL(import.meta.url), ...BACKEND_CODE],
    resumable: false,
    timed: [],
    run: (context) => evaluate(recipe, inputs, context),
  };
}

async function evaluate(
  recipe: Recipe,
  inputs: EvaluationInputs,
  { signal }: StageContext,
): Promise<EvaluationResult> {
  const tokenizer = await openTokenizer(recipe.tokenizer);
  const pretrained = await loadModel(modelPath(inputs.pretrained));
  await using backend = await recipeBackend(recipe, pretrained.config);
  await backend.importState(asState(pretrained.weights));
  const probes = await scoreProbes(recipe, inputs, backend);
  signal.throwIfAborted();
  const continued = await continuePrompts(recipe, backend, tokenizer);
  signal.throwIfAborted();
  await backend.importState(asState((await loadModel(modelPath(inputs.fineTuned))).weights));
  const answered = await answerProblems(recipe, backend, tokenizer);
  return { probes, samples: [...continued, ...answered] };
}

/** Weights as a state to score with; the moments are not used. */
function asState(weights: Float32Array) {
  const zeros = new Float32Array(weights.length);
  return { step: 0, weights, firstMoment: zeros, secondMoment: zeros };
}

async function scoreProbes(
  recipe: Recipe,
  { corpus, shards, mixture }: EvaluationInputs,
  backend: TrainBackend,
): Promise<ProbeScore[]> {
  const counts = await mixtureCounts(shards, mixture, backend.config.vocabularySize);
  const scores: ProbeScore[] = [];
  for (const { name, batches } of await openProbes(recipe, corpus, shards, recipe.pretrain2.length)) {
    scores.push({
      name,
      perplexity: Math.exp(await meanNegativeLogLikelihood(backend, batches)),
      unigram: Math.exp(unigramNegativeLogLikelihood(counts, batches)),
    });
  }
  return scores;
}

/** Expected count of every token in a million tokens of the mixture [V]. */
async function mixtureCounts(
  shards: FinishedStage<ShardsResult>,
  mixture: Mixture,
  vocabularySize: number,
): Promise<Float64Array> {
  const counts = new Float64Array(vocabularySize);
  for (const { name, weight } of mixture.sources) {
    using source = await openShards(trainPath(shards.directory, name));
    const share = weight * 1e6 / source.tokens;
    for (const token of source.read(0, source.tokens)) counts[token] = (counts[token] ?? 0) + share;
  }
  return counts;
}

/** The pretrained model goes on from the recipe's prompts. */
async function continuePrompts(
  { samples, seed, pretrain2 }: Recipe,
  backend: TrainBackend,
  tokenizer: Tokenizer,
): Promise<Sample[]> {
  const prompts = samples.prompts.map((prompt) =>
    Uint32Array.from([tokenizer.special.beginOfText, ...tokenizer.encode(prompt)])
  );
  const texts = await generate(backend, prompts, {
    seed,
    temperature: samples.temperature,
    topP: samples.topP,
    maxNewTokens: samples.tokens,
    stopTokens: [tokenizer.special.endOfText, tokenizer.special.beginOfText],
    window: pretrain2.length,
  });
  return samples.prompts.map((prompt, i) => ({
    stage: "pretrain-2",
    prompt,
    text: tokenizer.decode(texts[i] ?? []),
  }));
}

/** The fine-tuned model answers problems that it was not trained on. */
async function answerProblems(
  recipe: Recipe,
  backend: TrainBackend,
  tokenizer: Tokenizer,
): Promise<Sample[]> {
  const { samples, seed, sft } = recipe;
  const { heldOut } = await splitConversations(recipe);
  const template = await openTemplate(sft.template);
  const room = sft.length - samples.tokens;
  const problems = Random.of(seed, "samples").shuffled(heldOut)
    .map(({ messages }) => messages.filter(({ role }) => role !== "assistant"))
    .map((messages) => ({ messages, tokens: encodePrompt(messages, tokenizer, template) }))
    .filter(({ tokens }) => tokens.length <= room)
    .slice(0, samples.conversations);
  const texts = await generate(backend, problems.map(({ tokens }) => tokens), {
    seed,
    temperature: samples.temperature,
    topP: samples.topP,
    maxNewTokens: samples.tokens,
    stopTokens: [tokenizer.special.endOfTurn, tokenizer.special.endOfText],
    window: sft.length,
  });
  return problems.map(({ messages }, i) => ({
    stage: "sft",
    prompt: messages.map(({ content }) => content).join("\n\n"),
    text: tokenizer.decode(texts[i] ?? []),
  }));
}
