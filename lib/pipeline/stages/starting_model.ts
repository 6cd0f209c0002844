/**
 * Models that fine-tuning starts from: what a stage of the run made, or a model directory of transformers with a tokenizer and a chat
 * template of its own.
 * @module
 */
import { basename, join, resolve } from "node:path";
import { fingerprint, sha256 } from "../../core/artefacts.ts";
import { UsageError } from "../../core/errors.ts";
import { loadConfig } from "../../model/checkpoint.ts";
import { readCompanions } from "../../model/companions.ts";
import { openTemplate } from "../../tokenizer/chat.ts";
import { openImportedTemplate, openImportedTokenizer } from "../../tokenizer/imported.ts";
import { openTokenizer } from "../../tokenizer/tokenizer.ts";
import { teacherIdentity } from "../../train/distillation/teacher_identity.ts";
import type { Recipe } from "../recipe.ts";
import type { FinishedStage } from "../stage.ts";
import { modelPath, type TrainingResult } from "./training.ts";
import type { Chat, FineTuning } from "./tuning_data.ts";

/** A model to start from. */
export interface StartingModel {
  /** Directory with its config.json and weights. */
  readonly directory: string;
  /** Tells it from every other. */
  readonly digest: string;
  /** Whose tokenizer and chat template it has; null: the recipe's. */
  readonly imported: ImportedChat | null;
}

/** Tokenizer and chat template of a model directory of transformers. */
export interface ImportedChat {
  readonly directory: string;
  /** A name for its stages. */
  readonly name: string;
  /** Hash of the files beside the weights. */
  readonly digest: string;
}

/** The model that a stage made, to go on from. @param imported Where the first model of the chain was an imported one. */
export function modelOfStage(
  stage: FinishedStage<TrainingResult>,
  imported: ImportedChat | null = null,
): StartingModel {
  return { directory: modelPath(stage), digest: stage.manifest.digest, imported };
}

/**
 * A model directory of transformers, with tokenizer and chat template, to start from.
 *
 * @throws {UsageError} where it is no model, or its name none for a stage.
 */
export async function importedModel(directory: string): Promise<StartingModel> {
  const name = basename(resolve(directory));
  if (!/^[\w.-]+$/.test(name)) {
    throw new UsageError(
      `The model's folder is "${name}", expected a name of letters, digits, ".", "_" and "-".`,
    );
  }
  await loadConfig(join(directory, "config.json"));
  const { companions } = await readCompanions(directory);
  const digest = fingerprint([...companions].map(([file, content]) => [file, sha256(content)]));
  return {
    directory,
    digest: await teacherIdentity(directory, null),
    imported: { directory, name, digest },
  };
}

/** The recipe's tokenizer and template, or an imported model's. */
export async function openChat(
  recipe: Recipe,
  settings: FineTuning,
  imported: ImportedChat | null,
): Promise<Chat> {
  if (imported === null) {
    return {
      tokenizer: await openTokenizer(recipe.tokenizer),
      template: await openTemplate(settings.template),
    };
  }
  const { vocabularySize } = await loadConfig(join(imported.directory, "config.json"));
  return {
    tokenizer: await openImportedTokenizer(imported.directory, vocabularySize),
    template: await openImportedTemplate(imported.directory),
  };
}
