/**
 * Education scores by ranks. A weak classifier, where none is given, is trained by every rank on all documents, which gives the same
 * one; then each rank scores its own. The files of all ranks, one after the other, are those that the stage "curation" would write, and it
 * goes on from them.
 *
 * Only this step of curation sees every document; the later ones see what it leaves.
 * @module
 */
import { exists, writeAll, writeFileAtomic } from "../../core/artefacts.ts";
import { RunError } from "../../core/errors.ts";
import { readJsonLines } from "../../core/lines.ts";
import { scoresPath } from "../../curation/rejection_sampling.ts";
import { scoreShard } from "../../curation/scores.ts";
import type { FinishedStage, Stage } from "../../pipeline/stage.ts";
import { type CorpusResult, documentsPath } from "../../pipeline/stages/corpus.ts";
import { type CurationResult, openEducation } from "../../pipeline/stages/curation.ts";
import { BACKEND_CODE } from "../../pipeline/stages/training.ts";
import type { Recipe } from "../../pipeline/recipe.ts";
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
  const licences = new Map(specs.map(({ name, licence }) => [name, licence]));
  const { sources } = corpus.manifest.result;
  async function* read(source: string): AsyncGenerator<Document> {
    for await (const document of readJsonLines<Document>(documentsPath(corpus.directory, source))) {
      yield { ...document, source, licence: licences.get(source) ?? "" };
    }
  }
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

/**
 * The stage "curation" with the scores of all ranks put in place before it begins.
 *
 * @param parts All of them, in the order of their ranks.
 */
export function withEducationScores(
  stage: Stage<CurationResult>,
  sources: readonly string[],
  parts: readonly FinishedStage<null>[],
): Stage<CurationResult> {
  return {
    ...stage,
    run: async (context) => {
      for (const source of sources) {
        const files = parts.map(({ directory }) => scoresPath(directory, EDUCATION, source));
        await joinScores(files, scoresPath(context.directory, EDUCATION, source));
      }
      return await stage.run(context);
    },
  };
}

/** One file of scores from those that are there; they begin with the same line, which stays once. */
async function joinScores(files: readonly string[], target: string): Promise<void> {
  const header = new Set<string>();
  await writeFileAtomic(target, async (out) => {
    for (const path of files) {
      if (!await exists(path)) continue;
      const bytes = await Deno.readFile(path);
      const end = bytes.indexOf(10) + 1; // A newline.
      if (header.size === 0) await writeAll(out, bytes.subarray(0, end));
      header.add(new TextDecoder().decode(bytes.subarray(0, end)));
      if (header.size > 1) {
        throw new RunError(`${path} has the scores of another classifier than those before it.`);
      }
      await writeAll(out, bytes.subarray(end));
    }
  });
}
