/**
 * Hierarchical rejection sampling (arXiv 2509.24945, section 5.1.1): from whole corpora to a representative set of each, and from
 * those to the probing sets of code, mathematics and knowledge.
 *
 * Each step scores and sees only what the step before it left, so the dear ones see little. Documents stream from their sources;
 * memory holds the ids of one source's survivors, and in deduplication the signatures and vectors of all. The rules:
 * - *education*: a score above 4. Where no document of a source has that, its best tenth, and the funnel's note says so.
 * - *sampled*: where the plan says how many documents of a source the judge may see, a random sample of as many.
 * - *reasoning*: the best tenth of each source by the reasoning prompt of Ask-LLM.
 * - *domain*: the best tenth by the prompts of the capabilities that the source is listed for; of several, the highest score counts.
 *   A source that is listed for none keeps all.
 * - A tenth of n documents is ⌈n/10⌉; documents that equal the last of them are kept too, so that where all scores are equal, all
 *   documents are. A document without a score is not kept.
 * - *contamination*: no item of a benchmark.
 * - *duplicates*, across sources: exact (the first source keeps it), near and semantic (the highest reasoning score is kept). A source
 *   of which nothing is left has no representatives, and the funnel's note says where it lost them.
 * - *representatives*: of what is left, the documents with the highest reasoning scores, about 10,000 a source.
 * @module
 */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Catalog } from "../catalog/catalog.ts";
import { makeSpillDirectory } from "../catalog/spill_directory.ts";
import { readJsonLines } from "../core/lines.ts";
import type { Document } from "../sources/document.ts";
import type { Duplicate } from "./clusters.ts";
import { type ContaminationIndex, withoutContaminated } from "./contamination.ts";
import { fitHashedEmbedding } from "./embedding.ts";
import { only, take, textsOf, writeDocuments } from "./document_stream.ts";
import { type FunnelRow, saveFunnel } from "./funnel.ts";
import { FunnelRecorder } from "./funnel_recorder.ts";
import { findNearDuplicates } from "./near_duplicates.ts";
import { capabilitiesOf, type ProbingLists } from "./probing.ts";
import { checkPlan, type SamplingPlan, type SamplingScorers } from "./sampling_plan.ts";
import type { Scorer, ScorerIdentity } from "./scorer.ts";
import { insertScores, scoreShard, scoresPath } from "./scores.ts";
import { findSemanticDuplicates } from "./semantic.ts";
import { findShardedNearDuplicates, type SearchLimits } from "./sharded_near_duplicates.ts";
import { type Selection, Survivors } from "./survivors.ts";

/** The benchmarks, files and signals around it. */
export interface SamplingContext {
  /** Where score files are kept, so that a second call goes on from there, and where {@link REPRESENTATIVES_FILE} goes. */
  readonly directory: string;
  /** Items that no representative may contain. */
  readonly benchmarks: ContaminationIndex;
  /** With a native catalogue: near-duplicates are searched for by processes and on disk. Absent: in memory. */
  readonly search?: SearchLimits;
  readonly signal?: AbortSignal;
}

/** Several, so that none waits long for the last. */
const SHARDS_PER_PROCESS = 2;

/** The file of representatives in the directory: a document a line, sources in the plan's order. */
export const REPRESENTATIVES_FILE = "representatives.jsonl";

/**
 * Samples. Afterwards the directory has {@link REPRESENTATIVES_FILE}, and the catalogue, besides the scores, the tables
 * `representatives` (id, source), `probing` (capability, id, source) and `funnel`.
 *
 * @param catalog With the sources' rows in its table `documents`.
 * @param read The documents of a source, the same in the same order each time.
 * @returns The funnel.
 * @throws {UsageError} for a plan out of range, a source without documents, or one that cannot be read.
 * @throws {RunError} as {@link scoreShard}.
 */
export async function sampleRepresentatives(
  catalog: Catalog,
  read: (source: string) => AsyncIterable<Document>,
  scorers: SamplingScorers,
  plan: SamplingPlan,
  context: SamplingContext,
): Promise<FunnelRow[]> {
  checkPlan(plan);
  const survivors = await Survivors.open(catalog, plan.sources);
  const sampling = new Sampling(catalog, read, scorers, plan, context, survivors);
  await sampling.run();
  await survivors.save();
  await saveProbingSets(catalog, plan.probing);
  await saveFunnel(catalog, sampling.funnel.rows);
  return sampling.funnel.rows;
}

/**
 * Keeps a source's documents with an education score above the plan's; where there are none, its best.
 *
 * @returns What the funnel notes: that nothing was above; else null.
 */
export async function keepEducated(
  survivors: Survivors,
  source: string,
  education: ScorerIdentity,
  { educationAbove, educationFallback }: Pick<SamplingPlan, "educationAbove" | "educationFallback">,
): Promise<string | null> {
  const above = await survivors.keepAbove(source, education, educationAbove);
  if (above.kept > 0) return null;
  const { kept, lowest } = await survivors.keepTop(source, [education], educationFallback);
  return `none above ${educationAbove}: kept the best ${percent(educationFallback)}, ` +
    `${kept} with ${lowest?.toPrecision(3)} or more`;
}

/** Replaces the table `probing`: the union of the representative sets of each capability's sources. */
async function saveProbingSets(catalog: Catalog, lists: ProbingLists): Promise<void> {
  const rows = (await catalog.query("SELECT id, source FROM representatives")).objects() as {
    id: string;
    source: string;
  }[];
  await catalog.execute("CREATE OR REPLACE TABLE probing (capability VARCHAR, id VARCHAR, source VARCHAR)");
  await catalog.insert(
    "probing",
    rows.flatMap(({ id, source }) =>
      capabilitiesOf(source, lists).map((capability) => ({ capability, id, source }))
    ),
  );
}

class Sampling {
  readonly funnel: FunnelRecorder;

  constructor(
    private readonly catalog: Catalog,
    private readonly read: (source: string) => AsyncIterable<Document>,
    private readonly scorers: SamplingScorers,
    private readonly plan: SamplingPlan,
    private readonly context: SamplingContext,
    private readonly survivors: Survivors,
  ) {
    this.funnel = new FunnelRecorder(plan.sources, survivors, context.signal);
  }

  async run(): Promise<void> {
    const { sources, probing, judgedPerSource, topShare, documentsPerSource, near, semanticThreshold, seed } =
      this.plan;
    const { education, reasoning, domain } = this.scorers;
    for (const source of sources) await this.funnel.record("documents", source, 0, null);
    for (const source of sources) {
      await this.funnel.timed("education", source, async () => {
        await this.#score(source, education, this.read(source));
        return await keepEducated(this.survivors, source, education, this.plan);
      });
      await this.funnel.timed("sampled", source, async () => {
        if (judgedPerSource !== null) await this.survivors.keepSample(source, judgedPerSource, seed);
        return null;
      });
      await this.funnel.timed("reasoning", source, async () => {
        await this.#scoreLeft(source, reasoning);
        return exceptions(await this.survivors.keepTop(source, [reasoning], topShare), topShare);
      });
      await this.funnel.timed("domain", source, async () => {
        const judges = capabilitiesOf(source, probing).map((capability) => domain[capability]);
        if (judges.length === 0) return "listed for no capability";
        for (const judge of judges) await this.#scoreLeft(source, judge);
        return exceptions(await this.survivors.keepTop(source, judges, topShare), topShare);
      });
    }
    await this.funnel.timedTogether("contamination", () => this.#copySurvivors());
    await this.funnel.timedTogether("exact duplicates", () => this.survivors.dropExactDuplicates());
    const scores = await this.survivors.scores(reasoning);
    const scoreOf = ({ id }: Pick<Document, "id">) => scores.get(id) ?? 0;
    await this.funnel.timedTogether("near-duplicates", async () => {
      const { search } = this.context;
      const duplicates = search === undefined
        ? await findNearDuplicates(this.#survivingDocuments(), near, scoreOf)
        : await this.#searchShards(search, scoreOf);
      await this.survivors.drop(duplicates.map(({ id }) => id));
    });
    await this.funnel.timedTogether("semantic duplicates", async () => {
      const embedding = await fitHashedEmbedding(textsOf(this.#survivingDocuments()), seed);
      const duplicates = await findSemanticDuplicates(
        this.#survivingDocuments(),
        embedding,
        semanticThreshold,
        scoreOf,
      );
      await this.survivors.drop(duplicates.map(({ id }) => id));
    });
    await this.funnel.timedTogether("representatives", async () => {
      await this.survivors.keepBest(reasoning, documentsPerSource);
      await writeDocuments(join(this.context.directory, REPRESENTATIVES_FILE), this.#survivingDocuments());
      await Deno.remove(this.#textsPath);
    });
  }

  /** Scores documents of a source. */
  async #score(source: string, scorer: Scorer, documents: AsyncIterable<Document>): Promise<void> {
    const { directory, signal } = this.context;
    const path = scoresPath(directory, scorer.name, source);
    const { documents: total } = await this.survivors.remainder(source);
    await scoreShard(documents, scorer, path, { total, ...(signal && { signal }) });
    await this.survivors.forgetScores(source, scorer);
    await insertScores(this.catalog, path);
  }

  /** Scores what is left of a source. */
  async #scoreLeft(source: string, scorer: Scorer): Promise<void> {
    await this.#score(source, scorer, only(this.read(source), await this.survivors.ids(source)));
  }

  /** Copies the documents that are left into one file, without those that contain an item of a benchmark. */
  async #copySurvivors(): Promise<void> {
    const contaminated: string[] = [];
    const clean = withoutContaminated(
      this.#leftInSources(),
      this.context.benchmarks,
      (_, { id }) => contaminated.push(id),
    );
    await writeDocuments(this.#textsPath, clean);
    await this.survivors.drop(contaminated);
  }

  /** What is left, from the sources themselves. */
  async *#leftInSources(): AsyncGenerator<Document> {
    for (const source of this.plan.sources) yield* only(this.read(source), await this.survivors.ids(source));
  }

  /** Near-duplicates of what is left, which is written into shards for the processes that sign them. */
  async #searchShards(
    search: SearchLimits,
    scoreOf: (document: Pick<Document, "id">) => number,
  ): Promise<Duplicate[]> {
    const directory = await makeSpillDirectory("shards-", search.spillDirectory);
    try {
      const count = SHARDS_PER_PROCESS * (search.processes ?? availableParallelism());
      const shards = Array.from({ length: count }, (_, i) => join(directory, `${i}.jsonl`));
      const documents = (await this.funnel.remainders()).reduce((sum, { documents }) => sum + documents, 0);
      const left = this.#survivingDocuments();
      for (const shard of shards) await writeDocuments(shard, take(left, Math.ceil(documents / count)));
      const limits = { ...search, ...(this.context.signal && { signal: this.context.signal }) };
      return await findShardedNearDuplicates(
        this.catalog,
        shards,
        limits,
        this.plan.near,
        (id) => scoreOf({ id }),
      );
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  }

  get #textsPath(): string {
    return join(this.context.directory, "survivors.jsonl");
  }

  /** What is left, from the file of survivors. */
  async *#survivingDocuments(): AsyncGenerator<Document> {
    const left = new Map<string, Set<string>>();
    for (const source of this.plan.sources) left.set(source, await this.survivors.ids(source));
    for await (const document of readJsonLines<Document>(this.#textsPath)) {
      this.context.signal?.throwIfAborted();
      // A source may have a text twice; it is left once.
      if (left.get(document.source)?.delete(document.id)) yield document;
    }
  }
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(3))}%`;
}

/** Says so where a step kept more than its share, or nothing. */
function exceptions({ scored, kept, lowest }: Selection, share: number): string | null {
  if (scored === 0) return "no document has a score";
  const places = Math.ceil(share * scored - 1e-9);
  return kept > places ? `kept ${kept} for ${places}: equal scores of ${lowest?.toPrecision(3)}` : null;
}
