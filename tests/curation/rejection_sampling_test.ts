import assert from "node:assert/strict";
import { type Catalog, openCatalog } from "../../lib/catalog/catalog.ts";
import { readJsonLines } from "../../lib/core/lines.ts";
import { ContaminationIndex } from "../../lib/curation/contamination.ts";
import { FUNNEL_STEPS } from "../../lib/curation/funnel.ts";
import { NEAR_DUPLICATES } from "../../lib/curation/near_duplicates.ts";
import { sampleRepresentatives } from "../../lib/curation/rejection_sampling.ts";
import { SAMPLING, type SamplingPlan } from "../../lib/curation/sampling_plan.ts";
import type { Scorer } from "../../lib/curation/scorer.ts";
import type { Document } from "../../lib/sources/document.ts";
import { readDocuments } from "../../lib/sources/read.ts";
import { inDirectory, names } from "../core/temporary.ts";
import { documentOf, uniqueWords } from "./documents.ts";

/** A number that a text says of itself: "reasoning=0.9". */
function said(name: string): Scorer & { seen: number } {
  const scorer = {
    name,
    provenance: "stub",
    batchSize: 16,
    noScore: "finds no number",
    seen: 0,
    score(documents: readonly Document[]) {
      scorer.seen += documents.length;
      return Promise.resolve(documents.map(({ text }) => {
        const found = new RegExp(`${name}=([0-9.]+)`).exec(text.slice(0, 200))?.[1];
        return found === undefined ? null : Number(found);
      }));
    },
  };
  return scorer;
}

const scorers = () => ({
  education: said("education"),
  reasoning: said("reasoning"),
  domain: { code: said("code"), math: said("math"), knowledge: said("knowledge") },
});

const PLAN: SamplingPlan = {
  ...SAMPLING,
  sources: ["programs", "proofs", "mail"],
  probing: { code: ["programs"], math: ["programs", "proofs"], knowledge: ["proofs"] },
  near: NEAR_DUPLICATES,
};

/** A text with its scores; its words are its own. */
function textOf(
  seed: number,
  scores: Readonly<Record<string, number>>,
  words = uniqueWords(seed, 60),
): string {
  const said = Object.entries(scores).map(([name, score]) => `${name}=${score}`);
  return `${said.join(" ")}\n${words.join(" ")}`;
}

/** `count` texts whose scores all grow with their number, education up to `best`. */
function rising(seed: number, count: number, best: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    const score = (i + 1) / count;
    return textOf(seed + i, {
      education: best * score,
      reasoning: score,
      code: score,
      math: score,
      knowledge: score,
    });
  });
}

type Corpus = Readonly<Record<string, readonly string[]>>;

async function fill(catalog: Catalog, corpus: Corpus): Promise<void> {
  for (const [source, texts] of Object.entries(corpus)) {
    await catalog.insert(
      "documents",
      texts.map((text) => ({ id: documentOf(text).id, source, tokens: text.length })),
    );
  }
}

const reader = (corpus: Corpus) =>
  async function* (source: string): AsyncGenerator<Document> {
    for (const text of corpus[source] ?? []) yield await Promise.resolve(documentOf(text, source));
  };

/** Samples, and gives what the catalogue has afterwards. */
async function sample(
  corpus: Corpus,
  plan: SamplingPlan,
  directory: string,
  { judges = scorers(), benchmarks = new ContaminationIndex() } = {},
) {
  // The quicker one to open; tests of survivors.ts run on both.
  await using catalog = await openCatalog({ engine: "native" });
  await fill(catalog, corpus);
  const funnel = await sampleRepresentatives(catalog, reader(corpus), judges, plan, {
    directory,
    benchmarks,
  });
  const rows = async (sql: string) => (await catalog.query(sql)).objects() as Record<string, unknown>[];
  return {
    funnel,
    counts: (source: string) =>
      funnel.filter((row) => row.source === source).map(({ documents }) => documents),
    note: (source: string, step: string) =>
      funnel.find((row) => row.source === source && row.step === step)?.note,
    representatives: (await rows("SELECT id, source FROM representatives")).map(({ id }) => id),
    probing: await rows("SELECT capability, source, count(*) AS n FROM probing GROUP BY ALL ORDER BY ALL"),
    saved: await rows("SELECT count(*) AS n FROM funnel"),
    scores: await rows("SELECT scorer, count(*) AS n FROM scores GROUP BY scorer ORDER BY scorer"),
  };
}

Deno.test("sampleRepresentatives() narrows each source step by step and scores no more than it must", () =>
  inDirectory(async (directory) => {
    const judges = scorers();
    const corpus = {
      programs: rising(0, 500, 5),
      proofs: rising(1000, 200, 3),
      mail: rising(2000, 30, 1),
    };
    const { funnel, counts, note, representatives, probing, saved, scores } = await sample(
      corpus,
      PLAN,
      directory,
      { judges },
    );
    // Above 4 of 5 are 100 of 500; a tenth of those; a tenth of those.
    assert.deepEqual(counts("programs"), [500, 100, 100, 10, 1, 1, 1, 1, 1, 1]);
    assert.deepEqual(counts("proofs"), [200, 20, 20, 2, 1, 1, 1, 1, 1, 1]);
    assert.deepEqual(counts("mail"), [30, 3, 3, 1, 1, 1, 1, 1, 1, 1]);
    assert.deepEqual(funnel.slice(0, 3).map(({ step }) => step), ["documents", "documents", "documents"]);
    assert.deepEqual([...new Set(funnel.map(({ step }) => step))].sort(), [...FUNNEL_STEPS].sort());
    assert.equal(note("programs", "education"), null);
    assert.equal(note("proofs", "education"), "none above 4: kept the best 10%, 20 with 2.71 or more");
    assert.equal(note("mail", "domain"), "listed for no capability");
    assert.deepEqual(
      representatives,
      [corpus.programs[499], corpus.proofs[199], corpus.mail[29]].map((text) => documentOf(text!).id),
    );
    assert.deepEqual(probing, [
      { capability: "code", source: "programs", n: 1 },
      { capability: "knowledge", source: "proofs", n: 1 },
      { capability: "math", source: "programs", n: 1 },
      { capability: "math", source: "proofs", n: 1 },
    ]);
    assert.deepEqual(saved, [{ n: funnel.length }]);
    assert.deepEqual(
      [judges.education.seen, judges.reasoning.seen, judges.domain.code.seen, judges.domain.math.seen],
      [730, 123, 10, 12],
    );
    const texts = [];
    for await (const { text } of readJsonLines<Document>(`${directory}/representatives.jsonl`)) {
      texts.push(text);
    }
    assert.deepEqual(texts, [corpus.programs[499], corpus.proofs[199], corpus.mail[29]]);
    assert.deepEqual(await names(directory), ["representatives.jsonl", "scores"]);
    // A second call finds every score and ends the same.
    const again = scorers();
    const second = await sample(corpus, PLAN, directory, { judges: again });
    assert.deepEqual(second.representatives, representatives);
    assert.deepEqual(second.scores, scores);
    assert.equal(again.education.seen + again.reasoning.seen, 0);
  }));

Deno.test("sampleRepresentatives() shows the judge a random sample of each source where the plan says so", () =>
  inDirectory(async (directory) => {
    const corpus = { programs: rising(0, 200, 5), proofs: rising(1000, 8, 5), mail: rising(2000, 60, 5) };
    const sampled = async (seed: number) => {
      const judges = scorers();
      const plan = { ...PLAN, judgedPerSource: 20, educationAbove: 0, topShare: 1, seed };
      return { judges, ...await sample(corpus, plan, `${directory}/${seed}`, { judges }) };
    };
    const { judges, counts, representatives } = await sampled(1);
    assert.deepEqual(counts("programs").slice(0, 4), [200, 200, 20, 20]);
    assert.deepEqual(counts("proofs").slice(0, 4), [8, 8, 8, 8]);
    assert.equal(judges.reasoning.seen, 48);
    // The sample is not the best, nor the first; another seed draws another.
    const best = new Set(corpus.programs.slice(-20).map((text) => documentOf(text).id));
    assert.ok(representatives.slice(0, 20).some((id) => !best.has(String(id))));
    assert.deepEqual((await sampled(1)).representatives, representatives);
    assert.notDeepEqual((await sampled(2)).representatives, representatives);
  }));

Deno.test("sampleRepresentatives() removes duplicates across sources and contaminated documents, and keeps N", () =>
  inDirectory(async (directory) => {
    const scored = (score: number) => ({
      education: 4.5,
      reasoning: score,
      code: score,
      math: score,
      knowledge: score,
    });
    const near = uniqueWords(1, 80), shuffled = uniqueWords(2, 80), question = uniqueWords(3, 20);
    const exact = textOf(4, scored(0.5));
    const corpus = {
      programs: [
        exact,
        textOf(0, scored(0.5), near),
        textOf(0, scored(0.9), shuffled),
        textOf(0, scored(0.5), [...uniqueWords(5, 40), ...question]),
        ...Array.from({ length: 5 }, (_, i) => textOf(10 + i, scored((i + 1) / 100))),
      ],
      proofs: [
        exact,
        textOf(0, scored(0.8), near),
        textOf(0, scored(0.2), shuffled.toReversed()),
        textOf(20, scored(0.3)),
      ],
      mail: [textOf(30, scored(0.1))],
    };
    const benchmarks = new ContaminationIndex();
    benchmarks.add({ benchmark: "b", item: "1", fields: [question.join(" ")] });
    const plan = { ...PLAN, topShare: 1, documentsPerSource: 4, semanticThreshold: 0.85 };
    const { counts, representatives } = await sample(corpus, plan, directory, { benchmarks });
    assert.deepEqual(counts("programs"), [9, 9, 9, 9, 9, 8, 8, 7, 7, 4]);
    assert.deepEqual(counts("proofs"), [4, 4, 4, 4, 4, 4, 3, 3, 2, 2]);
    const kept = new Set(representatives);
    const has = (source: keyof typeof corpus, i: number) => kept.has(documentOf(corpus[source][i]!).id);
    assert.deepEqual(
      [has("programs", 1), has("proofs", 1)],
      [false, true],
      "of near-duplicates the better is kept",
    );
    assert.deepEqual([has("programs", 2), has("proofs", 2)], [true, false], "of semantic duplicates too");
    assert.deepEqual([has("programs", 3), has("programs", 0)], [false, true]);
    // Five are left beside the exact and the shuffled one; the best two of them fill the places.
    assert.deepEqual([has("programs", 8), has("programs", 7), has("programs", 6)], [true, true, false]);
  }));

Deno.test("sampleRepresentatives() follows its rules for equal scores, one document, huge and malformed texts", () =>
  inDirectory(async (directory) => {
    const equal = { education: 4.5, reasoning: 0.5, code: 0.5, math: 0.5, knowledge: 0.5 };
    const corpus = {
      programs: Array.from({ length: 12 }, (_, i) => textOf(i, equal)),
      proofs: [textOf(50, equal, ["\ud800", ...uniqueWords(50, 20)])],
      mail: [textOf(60, equal), `${textOf(61, { ...equal, reasoning: 0.9 })} ${"huge ".repeat(2_000_000)}`],
    };
    const { counts, note } = await sample(corpus, PLAN, directory);
    assert.deepEqual(counts("programs"), Array(10).fill(12));
    assert.equal(note("programs", "reasoning"), "kept 12 for 2: equal scores of 0.500");
    assert.deepEqual(counts("proofs"), Array(10).fill(1));
    assert.deepEqual(counts("mail"), [2, 2, 2, 1, 1, 1, 1, 1, 1, 1]);
  }));

Deno.test("sampleRepresentatives() says where a source lost its last document", () =>
  inDirectory(async (directory) => {
    const texts = rising(0, 3, 5);
    const corpus = { programs: texts, proofs: texts, mail: rising(10, 1, 5) };
    const { counts, note, probing } = await sample(corpus, { ...PLAN, topShare: 1 }, directory);
    assert.equal(counts("proofs").at(-1), 0);
    assert.equal(note("proofs", "exact duplicates"), "nothing is left");
    assert.equal(note("proofs", "near-duplicates"), null);
    assert.deepEqual(probing.map(({ capability, source }) => [capability, source]), [
      ["code", "programs"],
      ["math", "programs"],
    ]);
  }));

Deno.test("sampleRepresentatives() refuses an empty source, a plan out of range, and files that are no UTF-8", () =>
  inDirectory(async (directory) => {
    const corpus = {
      programs: [textOf(0, { education: 5 })],
      proofs: [],
      mail: [textOf(1, { education: 5 })],
    };
    const refuse = (plan: SamplingPlan, message: RegExp) =>
      assert.rejects(sample(corpus, plan, directory), { name: "UsageError", message });
    await refuse(PLAN, /^Source "proofs" has no documents in the catalogue/);
    await refuse({ ...PLAN, topShare: 0 }, /^topShare is 0, expected a share above 0 and up to 1\.$/);
    await refuse({ ...PLAN, documentsPerSource: 1.5 }, /^documentsPerSource is 1.5/);
    await refuse(
      { ...PLAN, judgedPerSource: 0 },
      /^judgedPerSource is 0, expected a whole number above 0\.$/,
    );
    await refuse(
      { ...PLAN, sources: ["programs"] },
      /^The probing lists name "proofs", which is none of programs\.$/,
    );

    const path = `${directory}/latin1.jsonl`;
    await Deno.writeFile(
      path,
      Uint8Array.of(...new TextEncoder().encode('{"text": "caf'), 0xe9, 34, 125, 10),
    );
    await using catalog = await openCatalog();
    await catalog.insert("documents", [{ id: "a", source: "programs", tokens: 1 }]);
    const spec = {
      name: "programs",
      domain: "code",
      licence: "MIT",
      description: "",
      reader: { kind: "jsonl", path },
      limits: { share: 1 },
    } as const;
    const plan = { ...PLAN, sources: ["programs"], probing: { code: ["programs"], math: [], knowledge: [] } };
    await assert.rejects(
      sampleRepresentatives(catalog, () => readDocuments(spec), scorers(), plan, {
        directory,
        benchmarks: new ContaminationIndex(),
      }),
      { name: "UsageError", message: /latin1.jsonl, line 1: the line is no UTF-8/ },
    );
  }));
