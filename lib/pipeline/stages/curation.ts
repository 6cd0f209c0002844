/**
 * Stage "curation": from the corpus to representative sets and probing sets, by hierarchical rejection sampling.
 *
 * Makes scores/SCORER/SOURCE.jsonl, representatives.jsonl and catalog/, with the tables scores, representatives, probing and funnel.
 * @module
 */
import { join } from "node:path";
import { type Catalog, openCatalog } from "../../catalog/catalog.ts";
import { readJsonLines } from "../../core/lines.ts";
import { askLlm, type Judge } from "../../curation/ask_llm.ts";
import { loadEducationClassifier } from "../../curation/education_classifier.ts";
import type { FunnelRow } from "../../curation/funnel.ts";
import { NEAR_DUPLICATES } from "../../curation/near_duplicates.ts";
import type { Prompts } from "../../curation/judge_labels.ts";
import { openJudge } from "../../curation/open_judge.ts";
import { CAPABILITIES, type Capability, listsByDomain, loadProbingLists } from "../../curation/probing.ts";
import { loadPrompt } from "../../curation/prompt.ts";
import { sampleRepresentatives } from "../../curation/rejection_sampling.ts";
import type { Scorer } from "../../curation/scores.ts";
import { type JudgeReport, TRAINED_JUDGE, trainJudge } from "../../curation/trained_judge.ts";
import { labelsByDomain, trainWeakClassifier } from "../../curation/weak_classifier.ts";
import type { Document } from "../../sources/document.ts";
import type { SourceSpec } from "../../sources/spec.ts";
import { openTokenizer } from "../../tokenizer/tokenizer.ts";
import type { Recipe } from "../recipe.ts";
import type { FinishedStage, Stage, StageContext } from "../stage.ts";
import { type CorpusResult, type DocumentFacts, documentsPath, factsPath } from "./corpus.ts";
import { recipeBenchmarks } from "./probing.ts";
import { BACKEND_CODE } from "./training.ts";

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

/** Upper end of the education classifier's scale. */
const HIGHEST_EDUCATION = 5;

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
    code: [new URL(import.meta.url), ...BACKEND_CODE],
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
  const licences = new Map(specs.map(({ name, licence }) => [name, licence]));
  async function* read(source: string): AsyncGenerator<Document> {
    for await (const document of readJsonLines<Document>(documentsPath(corpus.directory, source))) {
      yield { ...document, source, licence: licences.get(source) ?? "" };
    }
  }
  const sources = corpus.manifest.result.sources.map(({ name }) => name);
  async function* documents(): AsyncGenerator<Document> {
    for (const source of sources) yield* read(source);
  }
  const probing = curation.lists === null ? listsByDomain(specs) : await loadProbingLists(curation.lists);
  const benchmarks = await recipeBenchmarks(recipe);

  await using catalog = await openCatalog({ directory: join(directory, "catalog") });
  await insertFacts(catalog, corpus);
  const prompts = {
    reasoning: await loadPrompt("reasoning"),
    code: await loadPrompt("code"),
    math: await loadPrompt("math"),
    knowledge: await loadPrompt("knowledge"),
  };
  await using opened = await openRecipeJudge(recipe, specs, prompts, documents, { directory, signal });
  const { judge } = opened;
  const scorers = {
    education: await openEducation(curation.education, specs, documents()),
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
    { directory, benchmarks, signal },
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
  const facts: DocumentFacts[] = [];
  for (const { name } of corpus.manifest.result.sources) {
    facts.push(...await Array.fromAsync(readJsonLines<DocumentFacts>(factsPath(corpus.directory, name))));
  }
  const nothing = { documents: facts.length, requests: 0, inputTokens: 0, outputTokens: 0, price: 0 };
  if (judge.address === null) return nothing;
  // What was asked before is not known from here: the estimate is of a run from its start.
  const opened = await openJudge(judge.address, judgeOptions(judge, join(corpus.directory, "none")));
  if (!("estimate" in opened)) return nothing;
  return { ...nothing, ...await opened.estimate(await loadPrompt("reasoning"), facts, prices) };
}

function judgeOptions({ model, tokenizer, format }: Recipe["curation"]["judge"], cacheDirectory: string) {
  return { model: model ?? undefined, tokenizer, format, cacheDirectory };
}

/** The catalogue's rows about the documents. */
async function insertFacts(catalog: Catalog, corpus: FinishedStage<CorpusResult>): Promise<void> {
  await catalog.execute("DELETE FROM documents; DELETE FROM scores");
  for (const { name } of corpus.manifest.result.sources) {
    const facts = await Array.fromAsync(readJsonLines<DocumentFacts>(factsPath(corpus.directory, name)));
    await catalog.insert("documents", facts.map((row) => ({ ...row })));
  }
}

/**
 * The education classifier of a directory, or one trained on where the documents come from. Where no source is mail, which is what
 * the trained one tells from the rest, every document passes, and its score says why.
 */
export async function openEducation(
  directory: string | null,
  specs: readonly SourceSpec[],
  documents: AsyncIterable<Document>,
): Promise<Scorer> {
  if (directory !== null) return await loadEducationClassifier(directory);
  if (specs.every(({ domain }) => domain !== "mail")) {
    return {
      name: "education",
      provenance:
        "not classified: no classifier was given, and no source is mail, from which one could be trained",
      batchSize: 256,
      noScore: "never happens",
      score: (documents) => Promise.resolve(documents.map(() => HIGHEST_EDUCATION)),
    };
  }
  return (await trainWeakClassifier(documents, labelsByDomain(domainsOf(specs)))).scorer;
}

/** The judge that the recipe names, or one trained on where the documents come from. */
async function openRecipeJudge(
  { seed, tokenizer, curation: { judge } }: Recipe,
  specs: readonly SourceSpec[],
  prompts: Prompts,
  documents: () => AsyncIterable<Document>,
  { directory, signal }: Pick<StageContext, "directory" | "signal">,
): Promise<{ readonly judge: Judge; readonly report: JudgeReport | null } & AsyncDisposable> {
  if (judge.address === null) {
    return await trainJudge({
      tokenizer: await openTokenizer(tokenizer),
      prompts,
      documents: documents(),
      domains: domainsOf(specs),
      directory: join(directory, "judge"),
      settings: { ...TRAINED_JUDGE, seed, steps: judge.steps },
      signal,
    });
  }
  const opened = await openJudge(judge.address, judgeOptions(judge, join(directory, "judgements")));
  return {
    judge: opened,
    report: null,
    async [Symbol.asyncDispose]() {
      if ("estimate" in opened) await opened[Symbol.asyncDispose]();
    },
  };
}

function domainsOf(specs: readonly SourceSpec[]): Record<string, SourceSpec["domain"]> {
  return Object.fromEntries(specs.map(({ name, domain }) => [name, domain]));
}
