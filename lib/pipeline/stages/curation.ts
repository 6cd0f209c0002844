/**
 * Stage "curation": from the corpus to representative sets and probing sets, by hierarchical rejection sampling.
 *
 * Makes scores/SCORER/SOURCE.jsonl, representatives.jsonl and catalog/, with the tables scores, representatives, probing and funnel.
 * @module
 */
import { join } from "node:path";
import { type Catalog, openCatalog } from "../../catalog/catalog.ts";
import type { EngineSettings } from "../../catalog/open_engine.ts";
import { readJsonLines } from "../../core/lines.ts";
import { askLlm } from "../../curation/ask_llm.ts";
import type { FunnelRow } from "../../curation/funnel.ts";
import { NEAR_DUPLICATES } from "../../curation/near_duplicates.ts";
import { openJudge } from "../../curation/open_judge.ts";
import { CAPABILITIES, type Capability, listsByDomain, loadProbingLists } from "../../curation/probing.ts";
import { loadPrompt } from "../../curation/prompt.ts";
import { sampleRepresentatives } from "../../curation/rejection_sampling.ts";
import { inThreads, SCORER_THREAD } from "../../curation/scorer_threads.ts";
import { type SearchLimits, SIGN_SHARD } from "../../curation/sharded_near_duplicates.ts";
import type { JudgeReport } from "../../curation/judge_report.ts";
import type { Document } from "../../sources/document.ts";
import type { SourceSpec } from "../../sources/spec.ts";
import type { Recipe } from "../recipe.ts";
import { engineSettings } from "../recipe/catalogue.ts";
import type { FinishedStage, Stage, StageContext } from "../stage.ts";
import { corpusReader, type CorpusResult, type DocumentFacts, factsPath } from "./corpus.ts";
import { BACKEND_CODE } from "./backend_code.ts";
import { judgeOptions, openEducation, openRecipeJudge } from "./curation_scorers.ts";
import { recipeBenchmarks } from "./recipe_benchmarks.ts";

/** The stage's result. */
export interface CurationResult {
  readonly funnel: readonly FunnelRow[];
  /** Sources of each capability's probing set. */
  readonly probing: Readonly<Record<Capability, readonly string[]>>;
  /** Who gave the scores, by the scorer's name. */
  readonly scorers: Readonly<Record<string, string>>;
  /** How well the trained judge does on documents that it has not seen; null: a judge was given. */
  readonly judge: JudgeReport | null;
}

/** The stage over a finished corpus. */
export function curationStage(
  recipe: Recipe,
  specs: readonly SourceSpec[],
  corpus: FinishedStage<CorpusResult>,
): Stage<CurationResult> {
  const { seed, tokenizer, curation } = recipe;
  return {
    name: "curation",
    recipe: { seed, tokenizer, curation },
    inputs: { corpus: corpus.manifest.digest },
    code: [new URL(import.meta.url), SIGN_SHARD, SCORER_THREAD, ...BACKEND_CODE],
    resumable: true,
    // It holds the seconds of the funnel's steps.
    timed: ["funnel.parquet"],
    run: (context) => curate(recipe, specs, corpus, context),
  };
}

async function curate(
  recipe: Recipe,
  specs: readonly SourceSpec[],
  corpus: FinishedStage<CorpusResult>,
  { directory, signal }: StageContext,
): Promise<CurationResult> {
  const { seed, curation } = recipe;
  const read = corpusReader(corpus, specs);
  const sources = corpus.manifest.result.sources.map(({ name }) => name);
  async function* documents(): AsyncGenerator<Document> {
    for (const source of sources) yield* read(source);
  }
  const probing = curation.lists === null ? listsByDomain(specs) : await loadProbingLists(curation.lists);
  const benchmarks = await recipeBenchmarks(recipe);

  const engine = engineSettings(recipe.catalogue, recipe.cpu.workers);
  await using catalog = await openCatalog({ ...engine, directory: join(directory, "catalog") });
  await insertFacts(catalog, corpus);
  const prompts = {
    reasoning: await loadPrompt("reasoning"),
    code: await loadPrompt("code"),
    math: await loadPrompt("math"),
    knowledge: await loadPrompt("knowledge"),
  };
  await using opened = await openRecipeJudge(recipe, specs, prompts, documents, { directory, signal });
  const { judge } = opened;
  // Every document passes it; the others see what it leaves.
  await using education = inThreads(
    await openEducation(curation.education, specs, documents()),
    engine.engine === "native" ? engine.threads : 1,
  );
  const scorers = {
    education,
    reasoning: askLlm(judge, prompts.reasoning),
    domain: {
      code: askLlm(judge, prompts.code),
      math: askLlm(judge, prompts.math),
      knowledge: askLlm(judge, prompts.knowledge),
    },
  };
  const {
    educationAbove,
    educationFallback,
    judgedPerSource,
    topShare,
    documentsPerSource,
    semanticThreshold,
  } = curation;
  const funnel = await sampleRepresentatives(
    catalog,
    read,
    scorers,
    {
      sources,
      probing,
      educationAbove,
      educationFallback,
      judgedPerSource,
      topShare,
      documentsPerSource,
      near: NEAR_DUPLICATES,
      semanticThreshold,
      seed,
    },
    { directory, benchmarks, signal, ...(engine.engine === "native" && { search: searchLimits(engine) }) },
  );
  await catalog.save();
  return {
    funnel,
    probing,
    scorers: Object.fromEntries(
      [scorers.education, scorers.reasoning, ...CAPABILITIES.map((name) => scorers.domain[name])]
        .map(({ name, provenance }) => [name, provenance]),
    ),
    judge: opened.report,
  };
}

/** What the search of near-duplicates may take where the engine is native. */
function searchLimits({ threads, spillDirectory }: EngineSettings): SearchLimits {
  return {
    ...(threads !== undefined && { processes: threads }),
    ...(spillDirectory !== undefined && { spillDirectory }),
  };
}

/** What a judge would at most be asked with the first prompt; a judge of our own costs time alone. */
export interface JudgingEstimate {
  readonly documents: number;
  readonly requests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly price: number;
}

/**
 * What the recipe's judge, where it is a server, would be asked with the reasoning prompt if the education step left everything.
 *
 * @param prices Of a million tokens.
 */
export async function estimateJudging(
  { curation: { judge } }: Recipe,
  corpus: FinishedStage<CorpusResult>,
  prices: { readonly input: number; readonly output: number },
): Promise<JudgingEstimate> {
  const { sources } = corpus.manifest.result;
  async function* facts(): AsyncGenerator<DocumentFacts> {
    for (const { name } of sources) yield* readJsonLines<DocumentFacts>(factsPath(corpus.directory, name));
  }
  const documents = sources.reduce((sum, source) => sum + source.documents, 0);
  const nothing = { documents, requests: 0, inputTokens: 0, outputTokens: 0, price: 0 };
  if (judge.address === null) return nothing;
  // What was asked before is not known from here: the estimate is of a run from its start.
  const opened = await openJudge(judge.address, judgeOptions(judge, join(corpus.directory, "none")));
  if (!("estimate" in opened)) return nothing;
  return { ...nothing, ...await opened.estimate(await loadPrompt("reasoning"), facts(), prices) };
}

/** The catalogue's rows about the documents. */
export async function insertFacts(catalog: Catalog, corpus: FinishedStage<CorpusResult>): Promise<void> {
  await catalog.execute("DELETE FROM documents; DELETE FROM scores");
  for (const { name } of corpus.manifest.result.sources) {
    await catalog.insertJsonLines("documents", factsPath(corpus.directory, name));
  }
}
