/**
 * What rejection sampling is told: who scores, how strictly, from which sources.
 * @module
 */
import { UsageError } from "../core/errors.ts";
import type { NearDuplicateSettings } from "./near_duplicates.ts";
import { CAPABILITIES, type Capability, type ProbingLists } from "./probing.ts";
import type { Scorer } from "./scorer.ts";

/** Who scores. */
export interface SamplingScorers {
  readonly education: Scorer;
  /** Ask-LLM with the reasoning prompt. */
  readonly reasoning: Scorer;
  /** Ask-LLM with the prompt of each capability. */
  readonly domain: Readonly<Record<Capability, Scorer>>;
}

/** What to sample, and how much of it. */
export interface SamplingPlan {
  /** Names of sources in the catalogue's table `documents`; the order decides which of two equal documents is kept. */
  readonly sources: readonly string[];
  readonly probing: ProbingLists;
  /** The education score has to be above. */
  readonly educationAbove: number;
  /** Share of a source that is kept where none of it is above. */
  readonly educationFallback: number;
  /** Most documents of a source that Ask-LLM sees, a random sample; null: all. */
  readonly judgedPerSource: number | null;
  /** Share that each use of Ask-LLM keeps. */
  readonly topShare: number;
  /** Most representatives of a source. */
  readonly documentsPerSource: number;
  readonly near: NearDuplicateSettings;
  /** Least cosine of semantic duplicates. */
  readonly semanticThreshold: number;
  /** Of the sample that Ask-LLM sees, and of the random projection of embeddings. */
  readonly seed: number;
}

/** The paper's numbers, which has its judge see all; and 0.9 as the cosine that it does not state. */
export const SAMPLING = {
  educationAbove: 4,
  educationFallback: 0.1,
  judgedPerSource: null,
  topShare: 0.1,
  documentsPerSource: 10_000,
  semanticThreshold: 0.9,
  seed: 1,
} as const satisfies Partial<SamplingPlan>;

/** @throws {UsageError} for a number out of range, or probing lists with a source that is not sampled. */
export function checkPlan(plan: SamplingPlan): void {
  for (const name of ["educationFallback", "topShare"] as const) {
    if (!(plan[name] > 0 && plan[name] <= 1)) {
      throw new UsageError(`${name} is ${plan[name]}, expected a share above 0 and up to 1.`);
    }
  }
  for (const name of ["documentsPerSource", "judgedPerSource"] as const) {
    const value = plan[name];
    if (value === null || Number.isSafeInteger(value) && value > 0) continue;
    throw new UsageError(`${name} is ${value}, expected a whole number above 0.`);
  }
  const listed = CAPABILITIES.flatMap((capability) => plan.probing[capability]);
  const unknown = listed.find((source) => !plan.sources.includes(source));
  if (unknown !== undefined) {
    throw new UsageError(`The probing lists name "${unknown}", which is none of ${plan.sources.join(", ")}.`);
  }
}
