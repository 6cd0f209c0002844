/**
 * What the finished curation gives to the stages after it: of each source's representative set, the half that asks (the
 * probing sets, held out of all training) and the half that is asked about (the candidates of influence).
 * @module
 */
import { join } from "node:path";
import { UsageError } from "../../core/errors.ts";
import { readJsonLines } from "../../core/lines.ts";
import { CAPABILITIES, type Capability } from "../../curation/probing.ts";
import { REPRESENTATIVES_FILE } from "../../curation/rejection_sampling.ts";
import { documentBatches } from "../../mixture/documents.ts";
import { probeAndCandidates } from "../../mixture/halves.ts";
import type { Document } from "../../sources/document.ts";
import { openTokenizer, type Tokenizer } from "../../tokenizer/tokenizer.ts";
import type { Probe } from "../../train/probe.ts";
import type { Recipe } from "../recipe.ts";
import type { FinishedStage } from "../stage.ts";
import type { CurationResult } from "./curation.ts";

/** A source's representative set in two parts; the same documents twice where the recipe wants the overlap. */
export interface Representatives {
  readonly source: string;
  readonly probe: readonly Document[];
  readonly candidates: readonly Document[];
}

/** The representative sets, in the order of the sources. */
export async function readRepresentatives(
  { seed, curation: { overlap } }: Recipe,
  curation: { readonly directory: string },
): Promise<Representatives[]> {
  const documents = await Array.fromAsync(
    readJsonLines<Document>(join(curation.directory, REPRESENTATIVES_FILE)),
  );
  return [...Map.groupBy(documents, ({ source }) => source)].map(([source, own]) => {
    const { probe, candidates } = probeAndCandidates(own.length, seed, source, overlap);
    const pick = (numbers: readonly number[]) => numbers.map((i) => own[i] as Document); // Numbers of `own`.
    return { source, probe: pick(probe), candidates: pick(candidates) };
  });
}

/** Ids of the documents that no model may be trained on: the probing sets', but for the recipe that wants the overlap. */
export async function probingIds(
  recipe: Recipe,
  curation: FinishedStage<CurationResult>,
): Promise<Set<string>> {
  if (recipe.curation.overlap) return new Set();
  const sets = await readRepresentatives(recipe, curation);
  return new Set(sets.flatMap(({ probe }) => probe.map(({ id }) => id)));
}

/** A document's tokens as the shards have it. */
export function encodeDocument(tokenizer: Tokenizer, text: string): Uint32Array {
  const { beginOfText, endOfText } = tokenizer.special;
  return Uint32Array.of(beginOfText, ...tokenizer.encode(text), endOfText);
}

/** How documents become batches. */
export interface DocumentShape {
  /** Tokens of a document that count. */
  readonly length: number;
  /** Documents at once. */
  readonly sequences: number;
}

/** A capability's probing set as batches, each document a sequence. */
export interface CuratedProbe extends Probe {
  readonly name: Capability;
  /** Sources that it is made of. */
  readonly sources: readonly string[];
}

/**
 * The probing sets of code, mathematics and knowledge.
 *
 * @throws {UsageError} where one of them is empty.
 */
export async function openCuratedProbes(
  recipe: Recipe,
  curation: FinishedStage<CurationResult>,
  { length, sequences }: DocumentShape,
): Promise<CuratedProbe[]> {
  const tokenizer = await openTokenizer(recipe.tokenizer);
  const sets = await readRepresentatives(recipe, curation);
  return CAPABILITIES.map((name) => {
    const sources = curation.manifest.result.probing[name];
    const documents = sets.filter(({ source }) => sources.includes(source)).flatMap(({ probe }) => probe);
    if (documents.length === 0) {
      throw new UsageError(
        `The probing set of ${name} is empty: of ${
          sources.join(", ") || "no source"
        } at least 2 representatives must be left, half of which ask. A larger curation.topShare keeps more.`,
      );
    }
    const tokens = documents.map(({ text }) => encodeDocument(tokenizer, text));
    return { name, sources, batches: documentBatches(tokens, length, sequences).batches };
  });
}
