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
import { join } from "node:path";
import type { Catalog } from "../catalog/catalog.ts";
import { writeAll, writeFileAtomic } from "../core/artefacts.ts";
import { readJsonLines } from "../core/lines.ts";
import type { Document } from "../sources/document.ts";
import { type ContaminationIndex, withoutContaminated } from "./contamination.ts";
import { fitHashedEmbedding } from "./embedding.ts";
import { type FunnelRow, type FunnelStep, saveFunnel } from "./funnel.ts";
import { findNearDuplicates } from "./near_duplicates.ts";
import { capabilitiesOf, type ProbingLists } from "./probing.ts";
import { checkPlan, type SamplingPlan, type SamplingScorers } from "./sampling_plan.ts";
import { insertScores, type Scorer, scoreShard } from "./scores.ts";
import { findSemanticDuplicates } from "./semantic.ts";
import { type Selection, Survivors } from "./survivors.ts";

/** The benchmarks, files and signals around it. */
export interface SamplingContext {
  /** Where score files are kept, so that a second call goes on from there, and where {@link REPRESENTATIVES_FILE} goes. */
  readonly directory: string;
  /** Items that no representative may contain. */
  readonly benchmarks: ContaminationIndex;
  readonly signal?: AbortSignal;
}

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
  await saveFunnel(catalog, sampling.funnel);
  return sampling.funnel;
}

/** Where the scores of a source's documents are kept. */
export function scoresPath(directory: string, scorer: string, source: string): string {
  return join(directory, "scores", scorer, `${source}.jsonl`);
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
  readonly funnel: FunnelRow[] = [];

  constructor(
    private readonly catalog: Catalog,
    private readonly read: (source: string) => AsyncIterable<Document>,
    private readonly scorers: SamplingScorers,
    private readonly plan: SamplingPlan,
    private readonly context: SamplingContext,
    private readonly survivors: Survivors,
  ) {}

  async run(): Promise<void> {
    const { sources, probing, judgedPerSource, topShare, documentsPerSource, near, semanticThreshold, seed } =
      this.plan;
    const { education, reasoning, domain } = this.scorers;
    for (const source of sources) await this.#record("documents", source, 0, null);
    for (const source of sources) {
      await this.#timed("education", source, async () => {
        await this.#score(source, education, this.read(source));
        return await this.#selectEducated(source);
      });
      await this.#timed("sampled", source, async () => {
        if (judgedPerSource !== null) await this.survivors.keepSample(source, judgedPerSource, seed);
        return null;
      });
      await this.#timed("reasoning", source, async () => {
        await this.#scoreLeft(source, reasoning);
        return exceptions(await this.survivors.keepTop(source, [reasoning], topShare), topShare);
      });
      await this.#timed("domain", source, async () => {
        const judges = capabilitiesOf(source, probing).map((capability) => domain[capability]);
        if (judges.length === 0) return "listed for no capability";
        for (const judge of judges) await this.#scoreLeft(source, judge);
        return exceptions(await this.survivors.keepTop(source, judges, topShare), topShare);
      });
    }
    await this.#timedTogether("contamination", () => this.#copySurvivors());
    await this.#timedTogether("exact duplicates", () => this.survivors.dropExactDuplicates());
    const scores = await this.survivors.scores(reasoning);
    const scoreOf = ({ id }: Document) => scores.get(id) ?? 0;
    await this.#timedTogether("near-duplicates", async () => {
      const duplicates = await findNearDuplicates(this.#survivingDocuments(), near, scoreOf);
      await this.survivors.drop(duplicates.map(({ id }) => id));
    });
    await this.#timedTogether("semantic duplicates", async () => {
      const embedding = await fitHashedEmbedding(textsOf(this.#survivingDocuments()), seed);
      const duplicates = await findSemanticDuplicates(
        this.#survivingDocuments(),
        embedding,
        semanticThreshold,
        scoreOf,
      );
      await this.survivors.drop(duplicates.map(({ id }) => id));
    });
    await this.#timedTogether("representatives", async () => {
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

  async #selectEducated(source: string): Promise<string | null> {
    const { educationAbove, educationFallback } = this.plan;
    const { education } = this.scorers;
    const above = await this.survivors.keepAbove(source, education, educationAbove);
    if (above.kept > 0) return null;
    const { kept, lowest } = await this.survivors.keepTop(source, [education], educationFallback);
    return `none above ${educationAbove}: kept the best ${percent(educationFallback)}, ` +
      `${kept} with ${lowest?.toPrecision(3)} or more`;
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

  /** Runs a step for one source. */
  async #timed(step: FunnelStep, source: string, work: () => Promise<string | null>): Promise<void> {
    this.context.signal?.throwIfAborted();
    const started = performance.now();
    const note = await work();
    await this.#record(step, source, (performance.now() - started) / 1000, note);
  }

  /** Runs a step over all sources. */
  async #timedTogether(step: FunnelStep, work: () => Promise<void>): Promise<void> {
    this.context.signal?.throwIfAborted();
    const { sources } = this.plan;
    const before = await Promise.all(sources.map((source) => this.survivors.remainder(source)));
    const all = before.reduce((sum, { documents }) => sum + documents, 0);
    const started = performance.now();
    await work();
    const seconds = (performance.now() - started) / 1000;
    for (const [i, source] of sources.entries()) {
      const had = before[i]?.documents ?? 0;
      const { documents } = await this.survivors.remainder(source);
      const note = had > 0 && documents === 0 ? "nothing is left" : null;
      await this.#record(step, source, seconds * had / Math.max(1, all), note);
    }
  }

  async #record(step: FunnelStep, source: string, seconds: number, note: string | null): Promise<void> {
    this.funnel.push({ source, step, ...await this.survivors.remainder(source), seconds, note });
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

/** Writes documents, a line each. */
async function writeDocuments(path: string, documents: AsyncIterable<Document>): Promise<void> {
  const encoder = new TextEncoder();
  await writeFileAtomic(path, async (file) => {
    for await (const document of documents) {
      await writeAll(file, encoder.encode(JSON.stringify(document) + "\n"));
    }
  });
}

/** Documents with one of these ids. */
async function* only(documents: AsyncIterable<Document>, ids: ReadonlySet<string>): AsyncGenerator<Document> {
  for await (const document of documents) if (ids.has(document.id)) yield document;
}

async function* textsOf(documents: AsyncIterable<Document>): AsyncGenerator<string> {
  for await (const { text } of documents) yield text;
}
