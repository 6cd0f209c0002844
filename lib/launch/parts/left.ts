/**
 * What a step of rejection sampling leaves for the judge: a job between two arrays, so that the ranks share what is left, which lies
 * unevenly in the corpus. Its stage goes when curation has it.
 *
 * "sampled" follows the education scores, "reasoned" the reasoning prompt.
 * @module
 */
import { join } from "node:path";
import { openCatalog } from "../../catalog/catalog.ts";
import { writeFileAtomic } from "../../core/artefacts.ts";
import { readJsonLines } from "../../core/lines.ts";
import { keepEducated } from "../../curation/rejection_sampling.ts";
import { insertScores, scorerOf, scoresPath } from "../../curation/scores.ts";
import { Survivors } from "../../curation/survivors.ts";
import type { Recipe } from "../../pipeline/recipe.ts";
import { engineSettings } from "../../pipeline/recipe/catalogue.ts";
import type { FinishedStage, Stage } from "../../pipeline/stage.ts";
import type { CorpusResult } from "../../pipeline/stages/corpus.ts";
import { insertFacts } from "../../pipeline/stages/curation.ts";
import { EDUCATION } from "./education.ts";
import { joinScores } from "./join_scores.ts";

/** What is left of each source, in the corpus's order. */
export interface Left {
  readonly sources: readonly { readonly name: string; readonly documents: number }[];
}

/** The ids of a source's documents that are left. */
export async function leftIds({ directory }: FinishedStage<Left>, source: string): Promise<Set<string>> {
  return new Set(await Array.fromAsync(readJsonLines<string>(idsPath(directory, source))));
}

/** What the education step leaves, sampled. @param parts Education scores. */
export function sampledStage(
  recipe: Recipe,
  corpus: FinishedStage<CorpusResult>,
  parts: readonly FinishedStage<unknown>[],
): Stage<Left> {
  const { seed, curation } = recipe;
  const { education, educationAbove, educationFallback, judgedPerSource } = curation;
  return leftStage(recipe, {
    name: "sampled",
    scorer: EDUCATION,
    settings: { seed, education, educationAbove, educationFallback, judgedPerSource },
    inputs: {},
    corpus,
    parts,
    keep: async (survivors, source, path) => {
      await keepEducated(survivors, source, await scorerOf(path), curation);
      if (judgedPerSource !== null) await survivors.keepSample(source, judgedPerSource, seed);
    },
  });
}

/** What the reasoning prompt leaves of that. @param parts Scores by the reasoning prompt. */
export function reasonedStage(
  recipe: Recipe,
  corpus: FinishedStage<CorpusResult>,
  sampled: FinishedStage<Left>,
  parts: readonly FinishedStage<unknown>[],
): Stage<Left> {
  const { judge, topShare } = recipe.curation;
  return leftStage(recipe, {
    name: "reasoned",
    scorer: "ask-llm/reasoning",
    settings: { judge, topShare },
    inputs: { sampled: sampled.manifest.digest },
    corpus,
    parts,
    // Only what was sampled has a score.
    keep: async (survivors, source, path) => {
      await survivors.keepTop(source, [await scorerOf(path)], topShare);
    },
  });
}

function leftStage(recipe: Recipe, { name, scorer, settings, inputs, corpus, parts, keep }: {
  readonly name: string;
  /** Whose scores decide. */
  readonly scorer: string;
  /** What it depends on. */
  readonly settings: unknown;
  readonly inputs: Readonly<Record<string, string>>;
  readonly corpus: FinishedStage<CorpusResult>;
  readonly parts: readonly FinishedStage<unknown>[];
  readonly keep: (survivors: Survivors, source: string, path: string) => Promise<void>;
}): Stage<Left> {
  return {
    name,
    recipe: settings,
    inputs: { ...inputs, corpus: corpus.manifest.digest },
    code: [new URL(import.meta.url)],
    resumable: false,
    timed: [],
    run: async ({ directory }) => {
      await joinScores(parts.map((part) => part.directory), directory);
      const names = corpus.manifest.result.sources.map((source) => source.name);
      await using catalog = await openCatalog(engineSettings(recipe.catalogue, recipe.cpu.workers));
      await insertFacts(catalog, corpus);
      const survivors = await Survivors.open(catalog, names);
      const sources: { name: string; documents: number }[] = [];
      for (const source of names) {
        const path = scoresPath(directory, scorer, source);
        await insertScores(catalog, path);
        await keep(survivors, source, path);
        const ids = [...await survivors.ids(source)].sort();
        await writeFileAtomic(
          idsPath(directory, source),
          ids.map((id) => JSON.stringify(id) + "\n").join(""),
        );
        sources.push({ name: source, documents: ids.length });
      }
      return { sources };
    },
  };
}

function idsPath(directory: string, source: string): string {
  return join(directory, "left", `${source}.jsonl`);
}
