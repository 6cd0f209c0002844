/**
 * Stage "validation": whether influence predicts what retraining finds, on the run's own candidates and probing sets. Makes
 * validation.json.
 * @module
 */
import { join } from "node:path";
import { writeJson } from "../../core/artefacts.ts";
import type { GroupedDocument, ValidationOptions } from "../../mixture/validation/options.ts";
import { estimateValidation, type ValidationEstimate } from "../../mixture/validation/estimate.ts";
import { validateInfluence } from "../../mixture/validation/validate.ts";
import { openTokenizer } from "../../tokenizer/tokenizer.ts";
import type { Recipe } from "../recipe.ts";
import type { FinishedStage, Stage, StageContext } from "../stage.ts";
import { CAPABILITIES } from "../../curation/probing.ts";
import type { CurationResult } from "./curation.ts";
import { encodeDocument, readRepresentatives } from "./probing.ts";
import { proxyRecipe, proxyTraining } from "./proxies.ts";
import { recipeBackend, recipeInfluence } from "./training.ts";
import { BACKEND_CODE } from "./backend_code.ts";

/** File of the report. */
export const VALIDATION_FILE = "validation.json";

/** The stage's result, beside the file. */
export interface ValidationResult {
  /** Of the sitting that ended it. */
  readonly seconds: number;
}

/** The stage over a finished curation. */
export function validationStage(
  recipe: Recipe,
  curation: FinishedStage<CurationResult>,
): Stage<ValidationResult> {
  const { validation, influence: { length, sequences, tensors } } = recipe;
  return {
    name: "validation",
    recipe: { ...proxyRecipe(recipe), validation, influence: { length, sequences, tensors } },
    inputs: { curation: curation.manifest.digest },
    code: [new URL(import.meta.url), ...BACKEND_CODE],
    resumable: true,
    // It says how long it took.
    timed: [VALIDATION_FILE],
    run: (context) => validate(recipe, curation, context),
  };
}

/** What it would take. */
export async function estimateValidationStage(
  recipe: Recipe,
  curation: FinishedStage<CurationResult>,
): Promise<ValidationEstimate> {
  const signal = new AbortController().signal;
  await using options = await openValidation(recipe, curation, { directory: "", fingerprint: "", signal });
  return await estimateValidation(options);
}

async function validate(
  recipe: Recipe,
  curation: FinishedStage<CurationResult>,
  context: StageContext,
): Promise<ValidationResult> {
  await using options = await openValidation(recipe, curation, context);
  const report = await validateInfluence(options);
  await writeJson(join(context.directory, VALIDATION_FILE), report);
  return { seconds: report.seconds };
}

async function openValidation(
  recipe: Recipe,
  curation: FinishedStage<CurationResult>,
  { directory, fingerprint, signal }: StageContext,
): Promise<ValidationOptions & AsyncDisposable> {
  const { seed, validation, influence: { length, sequences, tensors } } = recipe;
  const { steps, candidatesPerSource, probesPerCapability, ...sizes } = validation;
  const training = await proxyTraining(recipe, steps);
  const { candidates, probes } = await documents(recipe, curation, candidatesPerSource, probesPerCapability);
  const train = await recipeBackend(recipe, training.config);
  const influence = await recipeInfluence(recipe, training.config, tensors);
  return {
    train,
    influence,
    training,
    candidates,
    probes,
    settings: { ...sizes, length, sequencesPerBatch: sequences, seed },
    directory,
    fingerprint,
    signal,
    async [Symbol.asyncDispose]() {
      await train[Symbol.asyncDispose]();
      await influence[Symbol.asyncDispose]();
    },
  };
}

/** The representatives' halves: the candidates by source, the probing documents by capability. */
async function documents(
  recipe: Recipe,
  curation: FinishedStage<CurationResult>,
  candidatesPerSource: number,
  probesPerCapability: number,
): Promise<{ candidates: GroupedDocument[]; probes: GroupedDocument[] }> {
  const tokenizer = await openTokenizer(recipe.tokenizer);
  const sets = await readRepresentatives(recipe, curation);
  const { probing } = curation.manifest.result;
  const grouped = (group: string) => ({ text }: { readonly text: string }) => ({
    group,
    tokens: encodeDocument(tokenizer, text),
  });
  return {
    candidates: sets.flatMap(({ source, candidates }) =>
      candidates.slice(0, candidatesPerSource).map(grouped(source))
    ),
    probes: CAPABILITIES.flatMap((capability) => {
      const own = sets.filter(({ source }) => probing[capability].includes(source));
      // As many of each source as there are to be had.
      const perSource = Math.ceil(probesPerCapability / own.length);
      return own.flatMap(({ probe }) => probe.slice(0, perSource)).slice(0, probesPerCapability).map(
        grouped(capability),
      );
    }),
  };
}
