/**
 * Who scores documents in a run: the education classifier and the judge that the recipe names, or ones that are trained on the spot.
 * @module
 */
import { join } from "node:path";
import type { Judge } from "../../curation/ask_llm.ts";
import { loadEducationClassifier } from "../../curation/education_classifier.ts";
import type { Prompts } from "../../curation/judge_labels.ts";
import type { JudgeReport } from "../../curation/judge_report.ts";
import { openJudge } from "../../curation/open_judge.ts";
import type { Scorer } from "../../curation/scorer.ts";
import { TRAINED_JUDGE, trainJudge } from "../../curation/trained_judge.ts";
import { labelsByDomain, trainWeakClassifier } from "../../curation/weak_classifier.ts";
import type { Document } from "../../sources/document.ts";
import type { SourceSpec } from "../../sources/spec.ts";
import { openTokenizer } from "../../tokenizer/tokenizer.ts";
import type { Recipe } from "../recipe.ts";
import type { StageContext } from "../stage.ts";

/** Folder of a server's answers: a log for each prompt, in order of the documents' ids. */
export const JUDGEMENTS = "judgements";

/** Upper end of the education classifier's scale. */
const HIGHEST_EDUCATION = 5;

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
export async function openRecipeJudge(
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
  return await openGivenJudge(judge.address, judge, directory);
}

/** A judge by its address. @param directory Takes what a server answers: {@link JUDGEMENTS}. */
export async function openGivenJudge(
  address: string,
  settings: Recipe["curation"]["judge"],
  directory: string,
): Promise<{ readonly judge: Judge; readonly report: null } & AsyncDisposable> {
  const opened = await openJudge(address, judgeOptions(settings, join(directory, JUDGEMENTS)));
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

/** How a judge is opened. @param cacheDirectory Takes what a server answers. */
export function judgeOptions(
  { model, tokenizer, format }: Recipe["curation"]["judge"],
  cacheDirectory: string,
) {
  return { model: model ?? undefined, tokenizer, format, cacheDirectory };
}
