/**
 * Education scores by ranks. A weak classifier, where none is given, is trained by every rank on all documents, which gives the same
 * one; then each rank scores its own. Only this step of curation sees every document; the later ones see what it leaves.
 * @module
 */
import { scoreShard, scoresPath } from "../../curation/scores.ts";
import type { Recipe } from "../../pipeline/recipe.ts";
import type { FinishedStage, Stage } from "../../pipeline/stage.ts";
import { corpusReader, type CorpusResult } from "../../pipeline/stages/corpus.ts";
import { openEducation } from "../../pipeline/stages/curation_scorers.ts";
import { BACKEND_CODE } from "../../pipeline/stages/backend_code.ts";
import type { Document } from "../../sources/document.ts";
import type { SourceSpec } from "../../sources/spec.ts";
import { partName } from "./part.ts";
import { slicesOf, within } from "./slice.ts";

/** Name of the scorer, of its folder, and of the parts' kind. */
export const EDUCATION = "education";

/** A rank's part. */
export function educationPart(
  { curation: { education } }: Recipe,
  specs: readonly SourceSpec[],
  corpus: FinishedStage<CorpusResult>,
  rank: number,
  ranks: number,
): Stage<null> {
  const { sources } = corpus.manifest.result;
  const read = corpusReader(corpus, specs);
  async function* documents(): AsyncGenerator<Document> {
    for (const { name } of sources) yield* read(name);
  }
  return {
    name: partName(EDUCATION, rank, ranks),
    recipe: { education, rank, ranks },
    inputs: { corpus: corpus.manifest.digest },
    code: [new URL(import.meta.url), ...BACKEND_CODE],
    resumable: true,
    timed: [],
    run: async ({ directory, signal }) => {
      const scorer = await openEducation(education, specs, documents());
      for (const slice of slicesOf(sources, rank, ranks)) {
        const path = scoresPath(directory, EDUCATION, slice.source);
        const total = slice.end - slice.first;
        await scoreShard(within(read(slice.source), slice), scorer, path, { total, signal });
      }
      return null;
    },
  };
}
