/**
 * From sources to token shards in steps that a cluster runs: an array of ranks, a job that joins what they made, and so on.
 *
 * documents → corpus, education → sampled, reasoning → reasoned, domain → curation, tokens → shards. What stands in the run in the end are
 * the stages "corpus", "curation" and "shards", byte for byte those of a run on one machine; all else is removed once the stage after it
 * has it. Where the judge is trained on the spot, it judges in "curation" itself: education → curation.
 * @module
 */
import { join } from "node:path";
import { exists } from "../core/artefacts.ts";
import { RunError, UsageError } from "../core/errors.ts";
import type { Run } from "../pipeline/run.ts";
import { findStage, type FinishedStage, runStage, type Stage } from "../pipeline/stage.ts";
import { type CorpusResult, corpusStage } from "../pipeline/stages/corpus.ts";
import { type CurationResult, curationStage } from "../pipeline/stages/curation.ts";
import { shardsStage } from "../pipeline/stages/shards.ts";
import { DOCUMENTS, documentsPart, fromDocuments, listSources } from "./parts/documents.ts";
import { EDUCATION, educationPart } from "./parts/education.ts";
import { joinScores } from "./parts/join_scores.ts";
import { DOMAIN, judgingPart, REASONING } from "./parts/judgements.ts";
import { reasonedStage, sampledStage } from "./parts/left.ts";
import { findParts, partsFolder, requireParts } from "./parts/part.ts";
import { fromTokens, TOKENS, tokensPart } from "./parts/tokens.ts";

/** In their order; each needs those before it. */
export const STEPS = [
  ...[DOCUMENTS, "corpus"] as const,
  ...[EDUCATION, "sampled", REASONING, "reasoned", DOMAIN, "curation"] as const,
  ...[TOKENS, "shards"] as const,
] as const;

/** A step's name. */
export type Step = typeof STEPS[number];

/** Steps that are arrays of ranks. */
type ArrayStep = typeof DOCUMENTS | typeof EDUCATION | typeof REASONING | typeof DOMAIN | typeof TOKENS;

/** Steps that only a judge given by its address has. */
const JUDGED: readonly Step[] = ["sampled", REASONING, "reasoned", DOMAIN];

/** What a step makes needless: parts, and what lies between them. */
const NEEDLESS: Partial<Record<Step, readonly string[]>> = {
  corpus: [partsFolder(DOCUMENTS)],
  sampled: [partsFolder(EDUCATION)],
  reasoned: [partsFolder(REASONING)],
  curation: [partsFolder(EDUCATION), "sampled", partsFolder(REASONING), "reasoned", partsFolder(DOMAIN)],
  shards: [partsFolder(TOKENS)],
};

/** The step of a name; undefined: it is none. */
export function findStep(name: string): Step | undefined {
  return STEPS.find((step) => step === name);
}

/** An array and the step that joins its parts. */
interface Pair {
  readonly array: ArrayStep;
  readonly join: Step;
  /** Ranks whose part is not done. */
  missing(): Promise<number[]>;
  runPart(rank: number): Promise<void>;
  runJoin(): Promise<void>;
}

/** The steps of a run, for as long as a launch or a task takes: a stage that was found done is not looked for again. */
export class DataSteps {
  readonly #found = new Map<string, FinishedStage<unknown>>();

  constructor(readonly run: Run, readonly ranks: number) {}

  /** Those that the run has, in their order. */
  get steps(): readonly Step[] {
    const { address } = this.run.recipe.curation.judge;
    return address === null ? STEPS.filter((step) => !JUDGED.includes(step)) : STEPS;
  }

  /** The steps up to one of them. @throws {UsageError} where the run does not have it. */
  stepsUpTo(last: Step): readonly Step[] {
    const { steps } = this;
    if (steps.includes(last)) return steps.slice(0, steps.indexOf(last) + 1);
    throw new UsageError(
      `Run ${this.run.name} has no step ${last}: its judge is trained, and judges in the step curation.`,
    );
  }

  /** Number of a step's tasks: its ranks, or 1. */
  tasks(step: Step): number {
    const arrays: readonly Step[] = [DOCUMENTS, EDUCATION, REASONING, DOMAIN, TOKENS];
    return arrays.includes(step) ? this.ranks : 1;
  }

  /** Each step's tasks that are not done; parts are not needed once the step after them is done. */
  async unfinished(): Promise<Record<Step, readonly number[]>> {
    const { steps } = this;
    const pair = await this.#next();
    const first = pair === null ? steps.length : steps.indexOf(pair.array);
    const left = STEPS.map((step): [Step, readonly number[]] => [
      step,
      steps.indexOf(step) < first ? [] : Array.from({ length: this.tasks(step) }, (_, task) => task),
    ]);
    const all = Object.fromEntries(left) as Record<Step, readonly number[]>; // Every step has an entry.
    return pair === null ? all : { ...all, [pair.array]: await pair.missing() };
  }

  /**
   * Does one task of a step; nothing, where it is done.
   *
   * @throws {UsageError} for a task that the step does not have.
   * @throws {RunError} where a step before it is not done.
   */
  async perform(step: Step, task: number): Promise<void> {
    const { steps } = this;
    if (!(Number.isInteger(task) && task >= 0 && task < this.tasks(step))) {
      throw new UsageError(`Step ${step} has no task ${task}, expected 0 … ${this.tasks(step) - 1}.`);
    }
    const pair = await this.#next();
    if (pair !== null && steps.indexOf(step) > steps.indexOf(pair.join)) {
      throw new RunError(`Step ${pair.join} of run ${this.run.name} is not done.`);
    }
    if (step === pair?.array) await pair.runPart(task);
    if (step === pair?.join) await pair.runJoin();
    for (const folder of step === pair?.array ? [] : NEEDLESS[step] ?? []) {
      const path = join(this.run.settings.root, folder);
      if (await exists(path)) await Deno.remove(path, { recursive: true });
    }
  }

  /** The first array and join of which the join is not done; null: all are. */
  async #next(): Promise<Pair | null> {
    const { recipe, specs, settings: { signal } } = this.run;
    const corpusOf = corpusStage(specs);
    const corpus = await this.#find(corpusOf);
    if (corpus === undefined) {
      return this.#pair(DOCUMENTS, "corpus", {
        partOf: async () => {
          const sources = await listSources(specs, signal);
          return (rank) => documentsPart(sources, rank, this.ranks);
        },
        join: (parts) => fromDocuments(corpusOf, specs, parts),
      });
    }
    const curationOf = curationStage(recipe, specs, corpus);
    const curation = await this.#find(curationOf);
    if (curation === undefined) return await this.#nextOfCuration(corpus, curationOf);
    const inputs = { corpus, curation };
    const shardsOf = shardsStage(recipe, inputs);
    if (await this.#find(shardsOf) !== undefined) return null;
    return this.#pair(TOKENS, "shards", {
      partOf: () => (rank) => tokensPart(shardsOf, recipe, inputs, rank, this.ranks),
      join: (parts) => fromTokens(shardsOf, recipe, inputs, parts),
    });
  }

  async #nextOfCuration(corpus: FinishedStage<CorpusResult>, stage: Stage<CurationResult>): Promise<Pair> {
    const { recipe, specs } = this.run;
    const { address } = recipe.curation.judge;
    const education = () => (rank: number) => educationPart(recipe, specs, corpus, rank, this.ranks);
    if (address === null) {
      return this.#pair(EDUCATION, "curation", {
        partOf: education,
        join: (parts) => withScores(stage, parts),
      });
    }
    const sampled = await this.#find(sampledStage(recipe, corpus, []));
    if (sampled === undefined) {
      return this.#pair(EDUCATION, "sampled", {
        partOf: education,
        join: (parts) => sampledStage(recipe, corpus, parts),
      });
    }
    const judging = { recipe, specs, corpus, address };
    const reasoned = await this.#find(reasonedStage(recipe, corpus, sampled, []));
    if (reasoned === undefined) {
      return this.#pair(REASONING, "reasoned", {
        partOf: () => (rank) => judgingPart(REASONING, { ...judging, left: sampled }, rank, this.ranks),
        join: (parts) => reasonedStage(recipe, corpus, sampled, parts),
      });
    }
    return this.#pair(DOMAIN, "curation", {
      partOf: () => (rank) => judgingPart(DOMAIN, { ...judging, left: reasoned }, rank, this.ranks),
      join: (parts) => withScores(stage, [sampled, reasoned, ...parts]),
    });
  }

  async #find<Result>(stage: Stage<Result>): Promise<FinishedStage<Result> | undefined> {
    const { settings } = this.run;
    // Before its code is hashed.
    if (!await exists(join(settings.root, stage.name))) return undefined;
    const found = this.#found.get(stage.name) ?? await findStage(stage, settings);
    if (found !== undefined) this.#found.set(stage.name, found);
    return found as FinishedStage<Result> | undefined; // A name has one type of result.
  }

  #pair<Part>(array: ArrayStep, joining: Step, { partOf, join: joinOf }: {
    /** The parts by their ranks; asked for late, since it may take a look at the sources. */
    partOf(): Promise<(rank: number) => Stage<Part>> | ((rank: number) => Stage<Part>);
    /** The stage that takes the parts. */
    join(parts: readonly FinishedStage<Part>[]): Stage<unknown>;
  }): Pair {
    const { settings } = this.run;
    const ranks = Array.from({ length: this.ranks }, (_, rank) => rank);
    const parts = async () => ranks.map(await partOf());
    return {
      array,
      join: joining,
      missing: async () => {
        if (!await exists(join(settings.root, partsFolder(array)))) return ranks;
        const found = await findParts(await parts(), settings.root);
        return ranks.filter((rank) => found[rank] === undefined);
      },
      runPart: async (rank) => void await runStage((await partOf())(rank), settings),
      runJoin: async () => {
        await runStage(joinOf(await requireParts(await parts(), settings.root)), settings);
      },
    };
  }
}

/** The stage "curation", the scores of these stages put in place before it begins. */
function withScores(
  stage: Stage<CurationResult>,
  stages: readonly FinishedStage<unknown>[],
): Stage<CurationResult> {
  return {
    ...stage,
    run: async (context) => {
      await joinScores(stages.map(({ directory }) => directory), context.directory);
      return await stage.run(context);
    },
  };
}
