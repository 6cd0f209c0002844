/**
 * The corpus by ranks: each reads files of its own, tells their languages, counts their tokens and drops what it has twice; the join
 * drops what several ranks have, in the order of the sources, and writes the files that the stage "corpus" would write.
 *
 * Sizes balance, not sources: the files of all sources in a row are cut where each rank has as many bytes as any other, give or take a
 * file. So a data set of thousands of files goes to many ranks, and many small ones to a single rank. What cannot be divided is read by
 * one rank, and is the least that the step takes: one large file (compressed JSON Lines have no beginning in their middle), a package,
 * a source that stops after so many documents or characters. Compressed bytes count as plain ones.
 * @module
 */
import { fingerprint } from "../../core/artefacts.ts";
import { readJsonLines } from "../../core/lines.ts";
import type { FinishedStage, Stage } from "../../pipeline/stage.ts";
import {
  type CorpusResult,
  type DescribedDocument,
  describeDocuments,
  type DocumentFacts,
  documentsPath,
  factsPath,
  writeCorpus,
} from "../../pipeline/stages/corpus.ts";
import { emptySource, readDocuments } from "../../sources/read.ts";
import { type SourceFile, sourceFiles } from "../../sources/source_files.ts";
import type { SourceSpec } from "../../sources/spec.ts";
import { partName } from "./part.ts";
import { filesOf } from "./slice.ts";

/** The parts' kind. */
export const DOCUMENTS = "documents";

/** A source and its files. */
export interface FiledSource {
  readonly spec: SourceSpec;
  readonly files: readonly SourceFile[];
}

/** Lists the files of sources. @throws as {@link sourceFiles}. */
export async function listSources(specs: readonly SourceSpec[], signal: AbortSignal): Promise<FiledSource[]> {
  const sources: FiledSource[] = [];
  for (const spec of specs) sources.push({ spec, files: await sourceFiles(spec, { signal }) });
  return sources;
}

/** A rank's part: the corpus of its files alone. Another list of files makes other parts. */
export function documentsPart(
  sources: readonly FiledSource[],
  rank: number,
  ranks: number,
): Stage<CorpusResult> {
  const specs = sources.map(({ spec }) => spec);
  const names = sources.map(({ files }) => files.map(({ path, bytes }) => [path, bytes]));
  return {
    name: partName(DOCUMENTS, rank, ranks),
    recipe: { specs, rank, ranks },
    inputs: { files: fingerprint(names) },
    code: [new URL(import.meta.url)],
    resumable: false,
    timed: [],
    run: async (context) => {
      const { signal } = context;
      const files = new Map<string, SourceFile[]>();
      for (const { source, file } of filesOf(sources, rank, ranks)) {
        files.set(source.spec.name, [...files.get(source.spec.name) ?? [], file]);
      }
      const own = specs.filter(({ name }) => files.has(name));
      const read = (spec: SourceSpec) => readDocuments(spec, { signal, files: files.get(spec.name) ?? [] });
      return await writeCorpus(own, await describeDocuments(read), context);
    },
  };
}

/**
 * The stage "corpus", its files written from the parts.
 *
 * @param parts All of them, in the order of their ranks.
 */
export function fromDocuments(
  stage: Stage<CorpusResult>,
  specs: readonly SourceSpec[],
  parts: readonly FinishedStage<CorpusResult>[],
): Stage<CorpusResult> {
  const partsOf = (name: string) =>
    parts.flatMap(({ directory, manifest }) =>
      manifest.result.sources.filter((summary) => summary.name === name)
        .map((summary) => ({ ...summary, directory }))
    );
  async function* describe(
    { name }: SourceSpec,
    isNew: (id: string) => boolean,
  ): AsyncGenerator<DescribedDocument> {
    for (const { directory } of partsOf(name)) {
      const facts = readJsonLines<DocumentFacts>(factsPath(directory, name));
      for await (
        const document of readJsonLines<DescribedDocument["document"]>(documentsPath(directory, name))
      ) {
        const own = await facts.next();
        if (!own.done && isNew(document.id)) yield { document, facts: own.value };
      }
      await facts.return(undefined);
    }
  }
  return {
    ...stage,
    run: async (context) => {
      const empty = specs.find(({ name }) => partsOf(name).every(({ documents }) => documents === 0));
      if (empty !== undefined) throw emptySource(empty);
      const { sources } = await writeCorpus(specs, describe, context);
      return {
        sources: sources.map((summary) => ({
          ...summary,
          duplicates: partsOf(summary.name).reduce(
            (sum, { duplicates }) => sum + duplicates,
            summary.duplicates,
          ),
        })),
      };
    },
  };
}
