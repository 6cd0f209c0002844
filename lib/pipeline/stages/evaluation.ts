/**
 * Stage "evaluation": the pretrained model's perplexity on every probing set beside the unigram model's, how often it tells a
 * held-out text's own order of words, and what the models write.
 * @module
 */
import type { ForwardBackend } from "../../backends/backend.ts";
import { openForward } from "../../backends/open.ts";
import { openDecoder } from "../../backends/open_decoder.ts";
import { Random } from "../../core/random.ts";
import { type ClozeScore, scoreCloze } from "../../eval/cloze_score.ts";
import { generateAll } from "../../generate/generator.ts";
import { loadModel, type Model } from "../../model/checkpoint.ts";
import { unigramNegativeLogLikelihood } from "../../shards/probe.ts";
import { openShards } from "../../shards/reader.ts";
import { encodePrompt, openTemplate } from "../../tokenizer/chat.ts";
import { openTokenizer, type Tokenizer } from "../../tokenizer/tokenizer.ts";
import { meanNegativeLogLikelihood } from "../../train/probe.ts";
import type { Mixture } from "../../core/mixture.ts";
import type { Recipe } from "../recipe.ts";
import type { FinishedStage, Stage, StageContext } from "../stage.ts";
import type { CorpusResult } from "./corpus.ts";
import { heldOutDocuments } from "./held_out_documents.ts";
import { type ShardsResult, trainPath } from "./shards.ts";
import { modelPath, openProbes, recipeWorkers, sharedRecipe, type TrainingResult } from "./training.ts";
import { BACKEND_CODE } from "./backend_code.ts";
import { heldOutConversations } from "./tuning_data.ts";

/** Code of generation beyond the module graph. */
const DECODE_WORKER = new URL("../../../kernels/wasm/decode_worker.ts", import.meta.url);

/** Held-out documents of each source that questions of the cloze are looked for in. */
const CLOZE_DOCUMENTS = 40;

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
  /** Of the pretrained model; all sources first, then each that has texts long enough. */
  readonly cloze: readonly ClozeScore[];
  readonly samples: readonly Sample[];
}

/** The stage over two finished models. */
export function evaluationStage(recipe: Recipe, inputs: EvaluationInputs): Stage<EvaluationResult> {
  const { corpus, mixture, shards, pretrained, fineTuned } = inputs;
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
      corpus: corpus.manifest.digest,
      shards: shards.manifest.digest,
      pretrained: pretrained.manifest.digest,
      fineTuned: fineTuned.manifest.digest,
    },
    code: [new URL(import.meta.url), ...BACKEND_CODE, DECODE_WORKER],
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
  const scores = await scorePretrained(recipe, inputs, pretrained, tokenizer, signal);
  signal.throwIfAborted();
  const continued = await continuePrompts(recipe, pretrained, tokenizer, signal);
  const answered = await answerProblems(
    recipe,
    await loadModel(modelPath(inputs.fineTuned)),
    tokenizer,
    signal,
  );
  return { ...scores, samples: [...continued, ...answered] };
}

/** What needs no writing. */
async function scorePretrained(
  recipe: Recipe,
  inputs: EvaluationInputs,
  { config, weights }: Model,
  tokenizer: Tokenizer,
  signal: AbortSignal,
): Promise<Pick<EvaluationResult, "probes" | "cloze">> {
  await using backend = await openForward(recipe.backend, config, weights, {
    blas: recipe.cpu.blas,
    ...recipeWorkers(recipe),
  });
  const probes = await scoreProbes(recipe, inputs, backend);
  const { directory, manifest: { result: { sources } } } = inputs.corpus;
  const names = sources.map(({ name }) => name);
  const texts = await heldOutDocuments(directory, names, recipe.heldOutShare, CLOZE_DOCUMENTS);
  const { seed, pretrain2: { length: window } } = recipe;
  return { probes, cloze: await scoreCloze(backend, tokenizer, texts, { window, seed, signal }) };
}

async function scoreProbes(
  recipe: Recipe,
  { corpus, shards, mixture }: EvaluationInputs,
  backend: ForwardBackend,
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
  recipe: Recipe,
  model: Model,
  tokenizer: Tokenizer,
  signal: AbortSignal,
): Promise<Sample[]> {
  const { prompts } = recipe.samples;
  const { beginOfText, endOfText } = tokenizer.special;
  const encoded = prompts.map((prompt) => Uint32Array.from([beginOfText, ...tokenizer.encode(prompt)]));
  const stopTokens = [endOfText, beginOfText];
  const texts = await write(recipe, model, encoded, stopTokens, recipe.pretrain2.length, signal);
  return prompts.map((prompt, i) => ({
    stage: "pretrain-2",
    prompt,
    text: tokenizer.decode(texts[i] ?? []),
  }));
}

/** The fine-tuned model answers problems that it was not trained on. */
async function answerProblems(
  recipe: Recipe,
  model: Model,
  tokenizer: Tokenizer,
  signal: AbortSignal,
): Promise<Sample[]> {
  const { samples, seed, sft } = recipe;
  const heldOut = await heldOutConversations(recipe);
  const template = await openTemplate(sft.template);
  const room = sft.length - samples.tokens;
  const problems = Random.of(seed, "samples").shuffled(heldOut)
    .map(({ messages }) => messages.filter(({ role }) => role !== "assistant"))
    .map((messages) => ({ messages, tokens: encodePrompt(messages, tokenizer, template) }))
    .filter(({ tokens }) => tokens.length <= room)
    .slice(0, samples.conversations);
  const { endOfTurn, endOfText } = tokenizer.special;
  const prompts = problems.map(({ tokens }) => tokens);
  const texts = await write(recipe, model, prompts, [endOfTurn, endOfText], sft.length, signal);
  return problems.map(({ messages }, i) => ({
    stage: "sft",
    prompt: messages.map(({ content }) => content).join("\n\n"),
    text: tokenizer.decode(texts[i] ?? []),
  }));
}

/** What a model writes after each prompt, by the recipe's settings; the model sees `capacity` tokens at most. */
async function write(
  recipe: Recipe,
  model: Model,
  prompts: readonly Uint32Array[],
  stopTokens: readonly number[],
  capacity: number,
  signal: AbortSignal,
): Promise<Uint32Array[]> {
  const { backend, seed, samples: { temperature, topP, tokens } } = recipe;
  if (prompts.length === 0) return [];
  await using decoder = await openDecoder(backend === "webgpu" ? "webgpu" : "wasm", model, {
    slots: prompts.length,
    capacity,
    ...recipeWorkers(recipe),
  });
  const seeds = Random.of(seed, "samples");
  const requests = prompts.map((prompt, i) => ({
    prompt,
    sampling: { temperature, topP },
    seed: seeds.uint32(i),
    maxNewTokens: tokens,
    stopTokens,
  }));
  const texts: Uint32Array[] = [];
  for await (const completion of generateAll(decoder, requests, { signal })) {
    texts[completion.index] = completion.tokens;
  }
  return texts;
}
