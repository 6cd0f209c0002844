/**
 * Ask-LLM by ranks, where the judge is given by its address: first the reasoning prompt, then the prompts of the capabilities.
 *
 * Every rank asks for its own documents, a server with as many requests at once as on one machine; servers that are asked too much say
 * so, and are asked again later. A judge that is trained on the spot is not divided: it judges in the stage "curation".
 * @module
 */
import { askLlm } from "../../curation/ask_llm.ts";
import { capabilitiesOf, listsByDomain, loadProbingLists } from "../../curation/probing.ts";
import { loadPrompt } from "../../curation/prompt.ts";
import { only } from "../../curation/document_stream.ts";
import { scoreShard, scoresPath } from "../../curation/scores.ts";
import type { Recipe } from "../../pipeline/recipe.ts";
import type { FinishedStage, Stage } from "../../pipeline/stage.ts";
import { corpusReader, type CorpusResult } from "../../pipeline/stages/corpus.ts";
import { openGivenJudge } from "../../pipeline/stages/curation_scorers.ts";
import { BACKEND_CODE } from "../../pipeline/stages/backend_code.ts";
import type { SourceSpec } from "../../sources/spec.ts";
import { type Left, leftIds } from "./left.ts";
import { partName } from "./part.ts";
import { batchesOf, within } from "./slice.ts";

/** The prompt's name, and the kind of the parts that ask with it. */
export const REASONING = "reasoning";

/** The kind of the parts that ask with the prompts of a source's capabilities. */
export const DOMAIN = "domain";

/** What all ranks have in common. */
export interface JudgingInputs {
  readonly recipe: Recipe;
  readonly specs: readonly SourceSpec[];
  readonly corpus: FinishedStage<CorpusResult>;
  /** What is asked about. */
  readonly left: FinishedStage<Left>;
  /** The judge's. */
  readonly address: string;
}

/** A rank's part. */
export function judgingPart(
  kind: typeof REASONING | typeof DOMAIN,
  { recipe, specs, corpus, left, address }: JudgingInputs,
  rank: number,
  ranks: number,
): Stage<null> {
  const { judge: settings, lists } = recipe.curation;
  return {
    name: partName(kind, rank, ranks),
    recipe: { judge: settings, ...(kind === DOMAIN ? { lists } : {}), rank, ranks },
    inputs: { corpus: corpus.manifest.digest, left: left.manifest.digest },
    code: [new URL(import.meta.url), ...BACKEND_CODE],
    resumable: true,
    timed: [],
    run: async ({ directory, signal }) => {
      await using opened = await openGivenJudge(address, settings, directory);
      const probing = lists === null ? listsByDomain(specs) : await loadProbingLists(lists);
      const promptsOf = (source: string): readonly string[] =>
        kind === REASONING ? [REASONING] : capabilitiesOf(source, probing);
      const read = corpusReader(corpus, specs);
      const asked = left.manifest.result.sources.filter(({ name }) => promptsOf(name).length > 0);
      for (const slice of batchesOf(asked, opened.judge.batchSize, rank, ranks)) {
        const { source, first, end } = slice;
        const ids = await leftIds(left, source);
        for (const prompt of promptsOf(source)) {
          const scorer = askLlm(opened.judge, await loadPrompt(prompt));
          await scoreShard(
            within(only(read(source), ids), slice),
            scorer,
            scoresPath(directory, scorer.name, source),
            { total: end - first, part: true, signal },
          );
        }
      }
      return null;
    },
  };
}
