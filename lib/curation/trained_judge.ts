/**
 * A judge for Ask-LLM that the project trains itself, for where none is given: a small model of the family that learns to answer the
 * prompts with 1 or 0, as weak labels have it.
 *
 * It is no language model and has no judgement of its own: it learns what tells the labels apart in the beginnings of documents. How
 * well it does on documents that it has not seen is part of its name, and so of every score's provenance.
 * @module
 */
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { TokenBatch, TrainBackend, UpdateSettings } from "../backends/backend.ts";
import { openBackend } from "../backends/open.ts";
import { freshState } from "../backends/state.ts";
import { exists, fingerprint } from "../core/artefacts.ts";
import { RunError } from "../core/errors.ts";
import { startProgress } from "../core/progress.ts";
import { SafetensorsFile } from "../core/safetensors.ts";
import { loadModel, saveModel } from "../model/checkpoint.ts";
import { MODEL_SIZES, type ModelConfig } from "../model/config.ts";
import { initialise } from "../model/initialise.ts";
import type { Document } from "../sources/document.ts";
import type { Domain } from "../sources/spec.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import type { Judge } from "./ask_llm.ts";
import { type Example, Examples, type ExampleSettings } from "./judge_examples.ts";
import { PROMPT_NAMES, type Prompts } from "./judge_labels.ts";
import { assessJudge, describeReport, type JudgeReport } from "./judge_report.ts";
import { alignRight, answerToken, charactersOf, createModelJudge, encodeQuestion } from "./model_judge.ts";

/** What the judge is, and how long it learns. */
export interface TrainedJudgeSettings extends ExampleSettings {
  /** Its shape; the vocabulary is the tokenizer's. */
  readonly model: Omit<ModelConfig, "vocabularySize" | "maxPositions">;
  /** Tokens that it sees, of prompt and document together. */
  readonly maxTokens: number;
  /** Updates. */
  readonly steps: number;
  /** Questions an update. */
  readonly questions: number;
  /** At its peak, after a tenth of the steps; from there it falls to 0. */
  readonly learningRate: number;
}

/**
 * Settings for some thousand documents of 64 tokens, beside prompts of about 160: 156,000 parameters with a vocabulary of 4096. The
 * large initialisation is what makes so short a training suffice: with 0.05 the judge does not come to tell the prompts apart.
 */
export const TRAINED_JUDGE: TrainedJudgeSettings = {
  model: {
    ...MODEL_SIZES["140m"],
    width: 32,
    layers: 2,
    heads: 2,
    keyValueHeads: 1,
    headSize: 16,
    feedForwardWidth: 96,
    ropeTheta: 10_000,
    initializerRange: 0.3,
  },
  maxTokens: 224,
  documentsPerSource: 400,
  heldOutPerSource: 60,
  heldOutShare: 0.2,
  steps: 300,
  questions: 8,
  learningRate: 0.01,
  seed: 1,
};

/** What a judge learns from. */
export interface JudgeTraining {
  readonly tokenizer: Tokenizer;
  readonly prompts: Prompts;
  /** Any stream, the same each time; a sample of it is kept. */
  readonly documents: AsyncIterable<Document>;
  /** Domains of their sources, which the labels follow. */
  readonly domains: Readonly<Record<string, Domain>>;
  /** Where the model goes; a finished one of the same training is used again. */
  readonly directory: string;
  /** Absent: {@link TRAINED_JUDGE}. */
  readonly settings?: TrainedJudgeSettings;
  readonly signal?: AbortSignal;
}

/** A judge with what is known of it. It judges until it is disposed of. */
export interface TrainedJudge extends AsyncDisposable {
  readonly judge: Judge;
  readonly report: JudgeReport;
}

/** Share of the steps in which the learning rate rises. */
const WARM_UP = 0.1;

/** Documents judged at once. */
const BATCH_SIZE = 16;

const OPTIMIZER: Omit<UpdateSettings, "learningRate"> = {
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-8,
  weightDecay: 0.1,
  decayedKinds: ["linear"],
  maxGradientNorm: 1,
};

/**
 * Trains a judge on the CPU engine, or opens the one that an earlier call left in the directory. Training that was interrupted begins
 * anew.
 *
 * @throws {UsageError} where a prompt has no document of one of its labels, or is too long for `maxTokens`.
 * @throws {RunError} where training diverges, or where a prompt's labels are not predicted on held-out documents.
 */
export async function trainJudge(training: JudgeTraining): Promise<TrainedJudge> {
  const { tokenizer, prompts, directory, settings = TRAINED_JUDGE } = training;
  const { maxTokens, seed } = settings;
  const examples = await Examples.sample(
    training.documents,
    training.domains,
    charactersOf(maxTokens),
    settings,
  );
  const config = { ...settings.model, vocabularySize: tokenizer.vocabularySize, maxPositions: maxTokens };
  const belongsTo = fingerprint({
    settings,
    tokenizer: tokenizer.name,
    prompts: PROMPT_NAMES.map((name) => prompts[name].hash),
    examples: examples.hash,
  });
  const backend = await openBackend("wasm", config, { blas: "off" });
  try {
    const openJudge = async () => {
      const { weights } = await backend.exportState();
      const judging = { format: "plain", maxTokens, batchSize: BATCH_SIZE } as const;
      return createModelJudge(backend, weights, tokenizer, judging);
    };
    let report = await finishedReport(directory, belongsTo);
    if (report !== undefined) await backend.importState(freshState((await loadModel(directory)).weights));
    else {
      await backend.importState(freshState(initialise(config, seed)));
      await fit(backend, examples, training, settings);
      report = await assessJudge(await openJudge(), prompts, examples, training.signal);
      const { weights } = await backend.exportState();
      await forget(directory);
      await saveModel(directory, config, weights, { fingerprint: belongsTo, report: JSON.stringify(report) });
    }
    const judge = await openJudge();
    return {
      judge: { ...judge, name: `${judge.name}, ${describeReport(report)}` },
      report,
      [Symbol.asyncDispose]: () => backend[Symbol.asyncDispose](),
    };
  } catch (error) {
    await backend[Symbol.asyncDispose]();
    throw error;
  }
}

/** The report of a finished judge, where there is one of this training. */
async function finishedReport(directory: string, belongsTo: string): Promise<JudgeReport | undefined> {
  // config.json is written last.
  if (!await exists(join(directory, "config.json"))) return undefined;
  using file = await SafetensorsFile.open(join(directory, "model.safetensors"));
  const { fingerprint, report } = file.metadata;
  return fingerprint === belongsTo && report !== undefined ? JSON.parse(report) : undefined;
}

/** Makes a directory count as unfinished, so that a crash while saving leaves no mixture of two models. */
async function forget(directory: string): Promise<void> {
  const config = join(directory, "config.json");
  if (await exists(config)) await Deno.remove(config);
}

async function fit(
  backend: TrainBackend,
  examples: Examples,
  { tokenizer, prompts, signal }: JudgeTraining,
  { steps, questions, learningRate, maxTokens }: TrainedJudgeSettings,
): Promise<void> {
  const order = examples.order();
  const progress = startProgress("training a judge", steps, "updates");
  try {
    for (let step = 0; step < steps; step++) {
      // The backend computes on this thread: let signals and the progress bar have their turn.
      await setImmediate();
      signal?.throwIfAborted();
      const batch = Array.from({ length: questions }, () => order.next().value);
      const rise = (step + 1) / (WARM_UP * steps), fall = (steps - step) / ((1 - WARM_UP) * steps);
      const { loss } = await backend.step([answered(batch, prompts, tokenizer, maxTokens)], {
        ...OPTIMIZER,
        learningRate: learningRate * Math.min(rise, fall),
      });
      if (!Number.isFinite(loss)) {
        throw new RunError(`Training a judge: the loss is ${loss} at step ${step}; lower the learning rate.`);
      }
      progress.update(step + 1, `loss ${loss.toFixed(3)}`);
    }
  } finally {
    progress.finish();
  }
}

/** Questions with their answers as a batch: the loss is of the answer alone. */
function answered(
  examples: readonly Example[],
  prompts: Prompts,
  tokenizer: Tokenizer,
  maxTokens: number,
): TokenBatch {
  const rows = examples.map(({ prompt, document }) =>
    encodeQuestion(prompts[prompt], document.text, tokenizer, { format: "plain", maxTokens })
  );
  const batch = alignRight(rows, maxTokens);
  const targets = new Uint32Array(batch.tokens.length);
  const weights = new Float32Array(batch.tokens.length);
  examples.forEach(({ label }, i) => {
    const last = (i + 1) * batch.length - 1;
    targets[last] = answerToken(tokenizer, label);
    weights[last] = 1;
  });
  return { ...batch, targets, weights };
}
