/**
 * Stages "compression-1", "compression-2" …: which documents of the pool help the current model, and in what mixture (the paper's
 * Eq 7, and Eqs 5 and 6 over what is kept).
 *
 * Makes scores.jsonl, a document of the pool a line; and, where anything is kept, mixture.json and the kept documents as token shards.
 * All capabilities ask one model and share the passes over the pool.
 * @module
 */
import { join } from "node:path";
import type { TokenBatch } from "../../backends/backend.ts";
import { writeFileAtomic, writeJson } from "../../core/artefacts.ts";
import { type Mixture, mixtureFileOf } from "../../core/mixture.ts";
import { compress, currentInfluence } from "../../mixture/compression.ts";
import type { InfluenceProbe } from "../../mixture/datainf.ts";
import { documentBatches } from "../../mixture/documents.ts";
import { type PoolDocument, poolOf } from "../../mixture/pool.ts";
import { influenceMixture } from "../../mixture/weights.ts";
import { loadModel } from "../../model/checkpoint.ts";
import { openShards } from "../../shards/reader.ts";
import { openTokenizer } from "../../tokenizer/tokenizer.ts";
import type { Recipe } from "../recipe.ts";
import type { FinishedStage, Stage, StageContext } from "../stage.ts";
import type { CurationResult } from "./curation.ts";
import { type PoolResult, textsOf, writeTexts } from "./pool.ts";
import { type PoolInfluence, scorePoolResumably } from "./pool_scores.ts";
import { openCuratedProbes } from "./probing.ts";
import { trainPath } from "./shards.ts";
import { modelPath, recipeInfluence, sharedRecipe, type TrainingResult } from "./training.ts";
import { BACKEND_CODE } from "./backend_code.ts";

/** Files of the stage. */
export const POOL_SCORES_FILE = "scores.jsonl";
export const COMPRESSED_MIXTURE_FILE = "mixture.json";

/** Where scoring keeps what it has, until the stage is done. */
const MEMORY = "scoring";

/** What is scored, by which model, for which probes. */
export interface CompressionInputs {
  readonly curation: FinishedStage<CurationResult>;
  readonly pool: FinishedStage<PoolResult>;
  /** θ_t. */
  readonly model: FinishedStage<TrainingResult>;
}

/** A document's line of scores.jsonl. */
export interface PoolScore {
  readonly source: string;
  /** Its number in the pool's shards. */
  readonly number: number;
  /** Tokens that its influence is of. */
  readonly tokens: number;
  /** I(x; θ_t), all capabilities together: what decides. */
  readonly joint: number;
  /** DataInf's on each capability. */
  readonly influence: Readonly<Record<string, number>>;
}

/** What became of a source. */
export interface CompressedSource {
  readonly source: string;
  readonly documents: number;
  readonly kept: number;
  /** Whole documents' tokens. */
  readonly keptTokens: number;
  /** Share of the mixture; 0: nothing is kept, or too little for one sequence. */
  readonly weight: number;
}

/** The stage's result. */
export interface CompressionResult {
  readonly documents: number;
  readonly kept: number;
  readonly positiveShare: number;
  readonly sources: readonly CompressedSource[];
  /** What follows for training; null: nothing is left to train on. */
  readonly mixture: Mixture | null;
}

/** The stage of round t. */
export function compressionStage(
  run: string,
  round: number,
  recipe: Recipe,
  inputs: CompressionInputs,
): Stage<CompressionResult> {
  const { midtrain: { compression, length }, curation: { overlap } } = recipe;
  const { length: scored, sequences, tensors, floor } = compression;
  return {
    name: `compression-${round}`,
    recipe: { run, ...sharedRecipe(recipe), scored, sequences, tensors, floor, length, overlap },
    inputs: {
      curation: inputs.curation.manifest.digest,
      pool: inputs.pool.manifest.digest,
      model: inputs.model.manifest.digest,
    },
    code: [new URL(import.meta.url), ...BACKEND_CODE],
    resumable: true,
    timed: [],
    run: (context) => scorePool(run, round, recipe, inputs, context),
  };
}

async function scorePool(
  run: string,
  round: number,
  recipe: Recipe,
  { curation, pool, model }: CompressionInputs,
  { directory, signal }: StageContext,
): Promise<CompressionResult> {
  const { midtrain: { compression: settings, length } } = recipe;
  const documents = await readPool(pool);
  const { batches, tokens } = documentBatches(
    documents.map((document) => document.tokens),
    settings.length,
    settings.sequences,
  );
  const probes = await openCuratedProbes(recipe, curation, settings);
  const memory = join(directory, MEMORY);
  const scores = await score(recipe, modelPath(model), probes, batches, { directory: memory, signal });
  const sources = documents.map(({ source }) => source);
  const joint = currentInfluence(probes, scores, sources);
  const candidates = documents.map((document, x) => ({
    source: document.source,
    tokens: tokens[x] as number, // One each.
    length: document.tokens.length,
  }));
  const { kept, positiveShare, trained, sources: weights } = compress(
    candidates,
    joint,
    settings.floor,
    length + 1,
  );
  const mixture = weights.length === 0 ? null : influenceMixture(weights, {
    name: `compression-${round}`,
    tokenizer: recipe.tokenizer,
    proxy: "the model itself",
    tokenBudget: null,
    caps: { maxEpochs: null },
    createdFrom: `run ${run}: DataInf, ${kept.length} of ${documents.length} documents help, round ${round}`,
  });

  const lines = documents.map(({ source, number }, x) =>
    JSON.stringify(
      {
        source,
        number,
        tokens: tokens[x] as number,
        joint: joint[x] as number,
        influence: Object.fromEntries(scores.map(({ probe, influence }) => [probe, influence[x] as number])),
      } satisfies PoolScore,
    ) + "\n"
  );
  await writeFileAtomic(join(directory, POOL_SCORES_FILE), lines.join(""));
  if (mixture !== null) await writeJson(join(directory, COMPRESSED_MIXTURE_FILE), mixtureFileOf(mixture));
  const document = (x: number) => documents[x] as PoolDocument; // Numbers of the pool.
  const tokenizer = await openTokenizer(recipe.tokenizer);
  for (const [source, own] of Map.groupBy(trained.map(document), ({ source }) => source)) {
    await writeTexts(directory, source, textsOf(own, tokenizer), tokenizer, signal);
  }
  await Deno.remove(memory, { recursive: true });
  return {
    documents: documents.length,
    kept: kept.length,
    positiveShare,
    sources: pool.manifest.result.sources.map(({ source, documents }) => {
      const own = kept.map(document).filter((document) => document.source === source);
      return {
        source,
        documents,
        kept: own.length,
        keptTokens: own.reduce((sum, { tokens }) => sum + tokens.length, 0),
        weight: weights.find((weight) => weight.source === source)?.weight ?? 0,
      };
    }),
    mixture,
  };
}

async function readPool(pool: FinishedStage<PoolResult>): Promise<PoolDocument[]> {
  const documents: PoolDocument[] = [];
  for (const { source } of pool.manifest.result.sources) {
    using shards = await openShards(trainPath(pool.directory, source));
    for (const document of poolOf(shards, null, 0)) documents.push(document);
  }
  return documents;
}

async function score(
  recipe: Recipe,
  model: string,
  probes: readonly InfluenceProbe[],
  batches: readonly TokenBatch[],
  { directory, signal }: Pick<StageContext, "directory" | "signal">,
): Promise<PoolInfluence[]> {
  const { config, weights } = await loadModel(model);
  await using backend = await recipeInfluence(recipe, config, recipe.midtrain.compression.tensors);
  await backend.load(weights);
  return await scorePoolResumably(backend, probes, batches, directory, signal);
}
