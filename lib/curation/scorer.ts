/**
 * Scorers: who gives documents a number.
 * @module
 */
import type { Document } from "../sources/document.ts";
import type { LogisticModel } from "./logistic_model.ts";

/** What a thread opens a scorer from. */
export type PortableScorer =
  | { readonly kind: "logistic"; readonly model: LogisticModel }
  /** A directory of FineWeb-Edu's classifier. */
  | { readonly kind: "bert"; readonly directory: string };

/** Gives documents a number. */
export interface Scorer {
  /** Its name in the table: "education", "ask-llm/reasoning". */
  readonly name: string;
  /** Model, prompt and version behind the scores: another provenance, other scores. */
  readonly provenance: string;
  /** Documents scored at once. */
  readonly batchSize: number;
  /** What it means where a document gets no score (null). */
  readonly noScore: string;
  /** What other threads open the same scorer from; absent: it stays in its own. */
  readonly portable?: PortableScorer;
  /** A score for each document [documents]. */
  score(documents: readonly Document[], signal?: AbortSignal): Promise<(number | null)[]>;
}

/** Whose a score is. */
export type ScorerIdentity = Pick<Scorer, "name" | "provenance">;
