/**
 * From sources to token shards in steps that a cluster runs: some are one job, some an array of ranks.
 *
 * corpus → education (ranks) → curation → tokens (ranks) → shards. What stands in the run in the end are the stages "corpus", "curation"
 * and "shards", byte for byte those of a run on one machine; the parts are removed once the stage after them has them.
 * @module
 */
import { join } from "node:path";
import { exists } from "../core/artefacts.ts";
import { RunError, UsageError } from "../core/errors.ts";
import type { Run } from "../pipeline/run.ts";
import { findStage, type FinishedStage, runStage, type Stage } from "../pipeline/stage.ts";
import { type CorpusResult, corpusStage } from "../pipeline/stages/corpus.ts";
import { type CurationResult, curationStage } from "../pipeline/stages/curation.ts";
import { type ShardsResult, shardsStage } from "../pipeline/stages/shards.ts";
import { EDUCATION, educationPart, withEducationScores } from "./parts/education.ts";
import { findParts, partsFolder, requireParts } from "./parts/part.ts";
import { fromTokens, TOKENS, tokensPart } from "./parts/tokens.ts";

/** In their order; each needs those before it. */
export const STEPS = ["corpus", EDUCATION, "curation", TOKENS, "shards"] as const;

/** A step's name. */
export type Step = typeof STEPS[number];

/** The steps up to one of them. */
export function stepsUpTo(last: Step): Step[] {
  return STEPS.slice(0, STEPS.indexOf(last) + 1);
}

/** The step of a name; undefined: it is none. */
export function findStep(name: string): Step | undefined {
  return STEPS.find((step) => step === name);
}

/** The steps of a run. */
export class DataSteps {
  constructor(readonly run: Run, readonly ranks: number) {}

  /** Number of a step's tasks: its ranks, or 1. */
  tasks(step: Step): number {
    return step === EDUCATION || step === TOKENS ? this.ranks : 1;
  }

  /** Each step's tasks that are not done; parts are not needed once the stage after them is done. */
  async unfinished(): Promise<Record<Step, readonly number[]>> {
    const { settings } = this.run;
    const missing = (parts: readonly unknown[]) =>
      parts.flatMap((part, rank) => part === undefined ? [rank] : []);
    const ranks = this.#ranks();
    const left = { corpus: [0], [EDUCATION]: ranks, curation: [0], [TOKENS]: ranks, shards: [0] };
    const corpus = await this.#corpus();
    if (corpus === undefined) return left;
    left.corpus = [];
    const curation = await findStage(this.#curationStage(corpus), settings);
    if (curation === undefined) {
      return { ...left, [EDUCATION]: missing(await findParts(this.#educationParts(corpus), settings.root)) };
    }
    left[EDUCATION] = left.curation = [];
    if (await findStage(this.#shardsStage(corpus, curation), settings) !== undefined) {
      return { ...left, [TOKENS]: [], shards: [] };
    }
    return { ...left, [TOKENS]: missing(await findParts(this.#tokenParts(corpus, curation), settings.root)) };
  }

  /**
   * Does one task of a step; nothing, where it is done.
   *
   * @throws {UsageError} for a task that the step does not have.
   * @throws {RunError} where a step before it is not done.
   */
  async perform(step: Step, task: number): Promise<void> {
    const { settings } = this.run;
    if (!(Number.isInteger(task) && task >= 0 && task < this.tasks(step))) {
      throw new UsageError(`Step ${step} has no task ${task}, expected 0 … ${this.tasks(step) - 1}.`);
    }
    if (step === "corpus") {
      await this.run.corpus();
      return;
    }
    const corpus = this.#require("corpus", await this.#corpus());
    if (step === EDUCATION) {
      await runStage(this.#educationParts(corpus)[task] as Stage<null>, settings); // A task is a rank.
      return;
    }
    const stage = this.#curationStage(corpus);
    if (step === "curation") {
      const sources = corpus.manifest.result.sources.map(({ name }) => name);
      await this.#collect(
        stage,
        EDUCATION,
        this.#educationParts(corpus),
        (parts) => withEducationScores(stage, sources, parts),
      );
      return;
    }
    const curation = this.#require("curation", await findStage(stage, settings));
    const parts = this.#tokenParts(corpus, curation);
    if (step === TOKENS) {
      await runStage(parts[task] as Stage<ShardsResult>, settings); // As above.
      return;
    }
    const shards = this.#shardsStage(corpus, curation);
    await this.#collect(
      shards,
      TOKENS,
      parts,
      (parts) => fromTokens(shards, this.run.recipe, { corpus }, parts),
    );
  }

  /** Runs a stage that begins with its parts, unless it is done, and removes them. */
  async #collect<Result, Part>(
    stage: Stage<Result>,
    kind: string,
    parts: readonly Stage<Part>[],
    withParts: (parts: readonly FinishedStage<Part>[]) => Stage<Result>,
  ): Promise<void> {
    const { settings } = this.run;
    if (await findStage(stage, settings) === undefined) {
      await runStage(withParts(await requireParts(parts, settings.root)), settings);
    }
    const folder = join(settings.root, partsFolder(kind));
    if (await exists(folder)) await Deno.remove(folder, { recursive: true });
  }

  #corpus(): Promise<FinishedStage<CorpusResult> | undefined> {
    return findStage(corpusStage(this.run.specs), this.run.settings);
  }

  #curationStage(corpus: FinishedStage<CorpusResult>): Stage<CurationResult> {
    return curationStage(this.run.recipe, this.run.specs, corpus);
  }

  #shardsStage(
    corpus: FinishedStage<CorpusResult>,
    curation: FinishedStage<CurationResult>,
  ): Stage<ShardsResult> {
    return shardsStage(this.run.recipe, { corpus, curation });
  }

  #educationParts(corpus: FinishedStage<CorpusResult>): Stage<null>[] {
    const { recipe, specs } = this.run;
    return this.#ranks().map((rank) => educationPart(recipe, specs, corpus, rank, this.ranks));
  }

  #tokenParts(
    corpus: FinishedStage<CorpusResult>,
    curation: FinishedStage<CurationResult>,
  ): Stage<ShardsResult>[] {
    const { recipe } = this.run;
    const stage = this.#shardsStage(corpus, curation);
    return this.#ranks().map((rank) => tokensPart(stage, recipe, { corpus, curation }, rank, this.ranks));
  }

  #ranks(): number[] {
    return Array.from({ length: this.ranks }, (_, rank) => rank);
  }

  #require<Result>(stage: string, found: FinishedStage<Result> | undefined): FinishedStage<Result> {
    if (found === undefined) throw new RunError(`Stage ${stage} of run ${this.run.name} is not done.`);
    return found;
  }
}
