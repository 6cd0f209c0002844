/**
 * Stages "sft" and "reasoning": supervised fine-tuning on conversations, loss on what the assistant says only.
 *
 * The paper's first stage is general (short conversations), its second on long reasoning, for which the context grows and RoPE's
 * base with it. Both are the same work with other settings, and so is fine-tuning of an imported model, with its own tokenizer and
 * chat template (Table 9).
 * @module
 */
import { join } from "node:path";
import { writeFileAtomic } from "../../core/artefacts.ts";
import { UsageError } from "../../core/errors.ts";
import { Random } from "../../core/random.ts";
import { loadModel } from "../../model/checkpoint.ts";
import { readCompanions } from "../../model/companions.ts";
import type { ModelConfig } from "../../model/config.ts";
import { conversationSource } from "../../sources/conversations.ts";
import { METRICS_FILE } from "../../train/loop.ts";
import type { Recipe } from "../recipe.ts";
import type { FinishedStage, Stage, StageContext } from "../stage.ts";
import type { CorpusResult } from "./corpus.ts";
import type { ShardsResult } from "./shards.ts";
import { type ImportedChat, openChat, type StartingModel } from "./starting_model.ts";
import {
  modelPath,
  openProbes,
  runTraining,
  type Sampling,
  sharedRecipe,
  type TrainingResult,
} from "./training.ts";
import { BACKEND_CODE } from "./backend_code.ts";
import {
  type Chat,
  conversationProbes,
  type FineTuning,
  openTuningData,
  shuffledConversations,
} from "./tuning_data.ts";

/** What fine-tuning reads. */
export interface FineTuningInputs {
  /** Held-out text in the model's vocabulary, to score; null: there is none, for an imported model. */
  readonly text: {
    readonly corpus: FinishedStage<CorpusResult>;
    readonly shards: FinishedStage<ShardsResult>;
  } | null;
  readonly start: StartingModel;
}

/** Which settings of the recipe. */
export type FineTuningKind = "sft" | "reasoning";

/**
 * A stage of fine-tuning over a model: "sft" or "reasoning", with the name of an imported model behind it. It depends on the template's
 * text and on what the sources' specifications say; the sources' files are read when it runs.
 *
 * @throws {UsageError} where the recipe has no such stage, a source is unknown, or tokenizer or template are missing or none.
 */
export async function sftStage(
  recipe: Recipe,
  inputs: FineTuningInputs,
  kind: FineTuningKind = "sft",
): Promise<Stage<TrainingResult>> {
  const settings = recipe[kind];
  if (settings === null) throw new UsageError(`The recipe's ${kind} is null, expected a stage's settings.`);
  const sources = await Promise.all(settings.sources.map(conversationSource));
  const { start, text } = inputs;
  const { imported } = start;
  const chat = await openChat(recipe, settings, imported);
  const name = tuningStageName(kind, imported);
  return {
    name,
    recipe: {
      ...sharedRecipe(recipe),
      heldOutShare: recipe.heldOutShare,
      benchmarks: recipe.curation.benchmarks,
      ...settings,
      sources,
      template: chat.template.source,
    },
    inputs: {
      ...(text && { shards: text.shards.manifest.digest }),
      pretrained: start.digest,
      ...(imported && { tokenizer: imported.digest }),
    },
    code: [new URL(import.meta.url), ...BACKEND_CODE],
    resumable: true,
    timed: [METRICS_FILE],
    run: (context) => fineTune(name, kind, recipe, settings, chat, inputs, context),
  };
}

/** Directory of a stage in its run. */
export function tuningStageName(kind: FineTuningKind, imported: ImportedChat | null): string {
  return imported === null ? kind : `${kind}-${imported.name}`;
}

/** The model with a stage's context: RoPE's base times the factor, and room for a sequence. */
export function longerContext(config: ModelConfig, { ropeThetaFactor, length }: FineTuning): ModelConfig {
  return {
    ...config,
    ropeTheta: config.ropeTheta * ropeThetaFactor,
    maxPositions: Math.max(config.maxPositions, length),
  };
}

/** Updates of a stage, which follow from its data; the conversations are read for it. @throws {UsageError} as {@link sftStage}. */
export async function fineTuningSteps(
  kind: FineTuningKind,
  recipe: Recipe,
  settings: FineTuning,
  signal: AbortSignal,
): Promise<number> {
  const directory = await Deno.makeTempDir();
  try {
    const chat = await openChat(recipe, settings, null);
    using data = await openTuningData(kind, recipe, settings, chat, directory, signal);
    return data.packed.steps;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function fineTune(
  name: string,
  kind: FineTuningKind,
  recipe: Recipe,
  settings: FineTuning,
  chat: Chat,
  { text, start }: FineTuningInputs,
  context: StageContext,
): Promise<TrainingResult> {
  const { seed, probeTokens } = recipe;
  const { epochs, warmupRatio } = settings;
  const conversations = join(context.directory, "conversations");
  using data = await openTuningData(kind, recipe, settings, chat, conversations, context.signal);
  const { training, heldOut, packed, summary } = data;
  console.error(
    `${name}: ${training.count} conversations, of which ${packed.leftOut} do not fit; ` +
      `${summary.heldOut} held out, ${summary.contaminated} with benchmark items dropped`,
  );
  const { config, weights } = await loadModel(start.directory);
  const result = await runTraining(recipe, {
    stage: name,
    config: longerContext(config, settings),
    data: packed,
    sampling: sampling(summary.tokens, packed.sequences * epochs, settings),
    initialWeights: weights,
    totalSteps: packed.steps,
    warmupSteps: Math.round(warmupRatio * packed.steps),
    settings,
    probes: [
      ...(text === null ? [] : await openProbes(recipe, text.corpus, text.shards, recipe.pretrain2.length)),
      ...conversationProbes(
        shuffledConversations(heldOut, Random.of(seed, kind, "held out")),
        settings,
        probeTokens,
      ),
    ],
  }, context);
  await Deno.remove(conversations, { recursive: true });
  if (start.imported !== null) await copyCompanions(start.imported.directory, modelPath(context));
  return result;
}

/** Tokenizer, template and generation settings: what transformers needs beside the weights. */
async function copyCompanions(from: string, to: string): Promise<void> {
  const { companions } = await readCompanions(from);
  for (const [file, content] of companions) await writeFileAtomic(join(to, file), content);
}

/** Packed sequences mix sources, so they are attributed by the sources' shares of the tokens. */
function sampling(
  tokens: Readonly<Record<string, number>>,
  sequences: number,
  { length, epochs }: FineTuning,
): Sampling[] {
  const total = Object.values(tokens).reduce((sum, count) => sum + count, 0);
  return Object.entries(tokens).map(([source, count]) => {
    const share = Math.round(sequences * count / total);
    return { source, sequences: share, tokens: share * length, epochs };
  });
}
