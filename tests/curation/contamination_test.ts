import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import {
  checkContamination,
  ContaminationIndex,
  indexBenchmarks,
  withoutContaminated,
} from "../../lib/curation/contamination.ts";
import { temporaryDirectory } from "../sources/temporary_directory.ts";
import { documentOf, streamOf, uniqueWords } from "./documents.ts";

const QUESTION =
  "Natalia sold clips to 48 of her friends in April, and then she sold half as many clips in May.";

Deno.test("ContaminationIndex finds a planted item whatever its typesetting and its place", () => {
  const index = new ContaminationIndex();
  index.add({ benchmark: "gsm8k", item: "1", fields: [QUESTION] });
  const filler = uniqueWords(1, 300).join(" ");
  for (
    const text of [
      QUESTION,
      QUESTION.toUpperCase().replaceAll(" ", "\n"),
      `${filler} ${QUESTION}`,
      `${QUESTION} ${filler}`,
      `${filler}\n> **${QUESTION.replaceAll(",", " –")}** ${filler}`,
      // A part of the item: 13 of its words.
      `${filler} ${QUESTION.split(" ").slice(4, 17).join(" ")} ${filler}`,
      `${"ten megabytes of other words ".repeat(350_000)} ${QUESTION}`,
    ]
  ) {
    assert.equal(index.match(text)[0]?.item, "1", text.slice(0, 80));
  }
  assert.deepEqual(index.match(QUESTION.split(" ").slice(4, 16).join(" ")), [], "12 words are no run");
  assert.deepEqual(index.match(filler), []);
  assert.deepEqual(index.match(""), []);
});

Deno.test("ContaminationIndex finds any planted item among others, and nothing in clean documents", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 5, max: 40 }), { minLength: 1, maxLength: 20 }),
      fc.nat({ max: 60 }),
      (lengths, before) => {
        const index = new ContaminationIndex();
        const items = lengths.map((length, i) => uniqueWords(i, length).join(" "));
        items.forEach((text, i) => index.add({ benchmark: "b", item: String(i), fields: [text] }));
        items.forEach((text, i) => {
          const planted = [...uniqueWords(100, before), text, ...uniqueWords(101, 30)].join(" ");
          const runs = Math.max(1, lengths[i]! - 12);
          assert.deepEqual(index.match(planted), [{
            benchmark: "b",
            item: String(i),
            runs,
            runsOfItem: runs,
          }]);
        });
        assert.deepEqual(index.match(uniqueWords(102, 200).join(" ")), []);
      },
    ),
    { numRuns: 50 },
  );
});

Deno.test("ContaminationIndex names every item that shares a run, and counts repetition once", () => {
  const index = new ContaminationIndex();
  const shared = uniqueWords(1, 13).join(" ");
  index.add({ benchmark: "a", item: "1", fields: [`${shared} ${shared}`] });
  index.add({ benchmark: "b", item: "1", fields: [shared, "short"] });
  assert.deepEqual(
    index.match(shared).map(({ benchmark, runs, runsOfItem }) => [benchmark, runs, runsOfItem]),
    [
      ["a", 1, 13],
      ["b", 1, 1],
    ],
  );
});

Deno.test("checkContamination() reports per benchmark, and what could not be searched for", async () => {
  await using directory = await temporaryDirectory({
    "math.jsonl.gz": gzipSync(
      JSON.stringify({ problem: QUESTION, answer: "72", level: 1 }) + "\n" +
        JSON.stringify({ problem: "Find x.", answer: "3" }) + "\n",
    ),
    "choice.jsonl": JSON.stringify({
      question: "Which of these is a prime number?",
      choices: { text: ["4", "7"] },
    }),
  });
  const index = await indexBenchmarks([
    { name: "math", path: `${directory.path}/math.jsonl.gz` },
    { name: "choice", path: `${directory.path}/choice.jsonl`, fields: ["question", "choices"] },
  ]);
  const texts = [`Once: ${QUESTION}`, `Twice: ${QUESTION}`, "clean", "which of these is a PRIME number"];
  const report = await checkContamination(streamOf(texts, "web"), index);
  assert.deepEqual(report.benchmarks, [
    { benchmark: "math", items: 2, tooShort: 1, found: 1, documents: 2 },
    { benchmark: "choice", items: 1, tooShort: 0, found: 1, documents: 1 },
  ]);
  assert.equal(report.documents, 4);
  assert.deepEqual(report.matches[2], {
    id: documentOf(texts[3]!).id,
    source: "web",
    benchmark: "choice",
    item: "1",
    runs: 1,
    runsOfItem: 1,
  });
  const dropped: string[] = [];
  const kept = await Array.fromAsync(
    withoutContaminated(streamOf(texts), index, ({ benchmark }) => dropped.push(benchmark)),
  );
  assert.deepEqual(kept.map(({ text }) => text), ["clean"]);
  assert.deepEqual(dropped, ["math", "math", "choice"]);
});

Deno.test("indexBenchmarks() refuses files that would search for nothing", async () => {
  await using directory = await temporaryDirectory({ "empty.jsonl": "\n", "other.jsonl": '{"text": "a"}\n' });
  const open = (name: string, fields?: string[]) =>
    indexBenchmarks([{ name: "b", path: `${directory.path}/${name}`, ...(fields && { fields }) }]);
  await assert.rejects(open("missing.jsonl"), {
    name: "UsageError",
    message: /missing.jsonl does not exist/,
  });
  await assert.rejects(open("empty.jsonl"), { name: "UsageError", message: /empty.jsonl has no items/ });
  await assert.rejects(open("other.jsonl", ["question"]), {
    name: "UsageError",
    message: /other.jsonl, line 1: no field "question"; it has text/,
  });
});
