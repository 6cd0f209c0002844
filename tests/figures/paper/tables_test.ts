import assert from "node:assert/strict";
import { idOf } from "../../../lib/figures/paper/item.ts";
import { paperTableItems } from "../../../lib/figures/paper/tables.ts";
import { draw } from "../svg.ts";
import { EMPTY_RUN, FULL_RUN } from "./sample_run.ts";

async function drawing(id: string, run = EMPTY_RUN) {
  const item = (await paperTableItems()).find((item) => idOf(item) === id);
  assert.ok(item !== undefined);
  const { spec, ...rest } = await item.draw(run);
  return { ...rest, ...await draw(spec) };
}

Deno.test("paperTableItems() are the thirteen tables in their order", async () => {
  assert.deepEqual(
    (await paperTableItems()).map(({ place }) => place),
    Array.from({ length: 13 }, (_, i) => `Table ${i + 1}`),
  );
});

Deno.test("paperTableItems() marks Table 6's eight means that Table 13 prints otherwise", async () => {
  const { texts, table } = await drawing("table-6");
  assert.match(
    table?.markdown ?? "",
    /^# Table 6\. Base models on benchmarks\n\nPublished: MobileLLM-R1, arXiv 2509\.24945v1, Table 6/,
  );
  assert.match(table?.markdown ?? "", /^\\\* Table 13 prints another mean/m);
  assert.deepEqual(texts.filter((text) => /^\*\d/.test(text)), [
    "*50.7",
    "*44.3",
    "*51.0",
    "*52.3",
    "*57.3",
    "*61.0",
    "*62.9",
    "*60.9",
  ]);
  assert.match(table?.markdown ?? "", /\\\*44\.3/);
  assert.match(table?.markdown ?? "", /MobileLLM-R1-140M-base 44\.7/);
  assert.match(table?.markdown ?? "", /all of its means are as printed there/);
});

Deno.test("paperTableItems() puts our own row below the paper's and says so", async () => {
  const published = await drawing("table-6"), own = await drawing("table-6", FULL_RUN);
  assert.equal(published.lacks, EMPTY_RUN.baseScores.command);
  assert.equal(own.lacks, null);
  assert.match(own.table?.markdown ?? "", /\| \*\*own\*\* \| \*\*sample\*\* \| \*\*900k\*\* \|/);
  const lines = own.table?.csv.trim().split("\n") ?? [];
  assert.equal(
    lines.at(0),
    "origin,size_group,model,parameters,math500,gsm8k,mbpp,humaneval,commonsense,mmlu",
  );
  assert.equal(lines.at(-1), "own,own,sample,900k,,12.3,,4.5,,");
  assert.ok(lines.slice(1, -1).every((line) => line.startsWith("published,")));
  assert.ok(own.texts.includes("Bold, below the line: our own run."));
  assert.match(own.table?.markdown ?? "", /acc_norm/);
  assert.doesNotMatch(published.table?.markdown ?? "", /acc_norm/);
});

/** Rows of our own in a table's CSV; an empty cell: not measured. */
const OWN_ROWS = [
  ["table-6", ["own,own,sample,900k,,12.3,,4.5,,"]],
  ["table-7", ["own,own,sample,900k,6.8,,,,"]],
  ["table-8", ["own,sample,Tulu-3,M,,25,,", "own,sample,(none),M+C+S,,,,26"]],
  ["table-9", ["own,sample,900k,,1.5,"]],
  ["table-10", ['own,"own, 140M, H100",140M,20.5,,,,,']],
  ["table-12", ["own,0.005,,56.57,25.1"]],
  ["table-13", ["own,sample,900k,,,50,,,,,,"]],
] as const;

Deno.test.each(OWN_ROWS)(
  "paperTableItems() gives %s rows of our own, marked, or the command that makes them",
  async (id, rows) => {
    const published = await drawing(id), own = await drawing(id, FULL_RUN);
    assert.deepEqual(own.table?.csv.split("\n").filter((line) => line.startsWith("own,")), rows);
    assert.deepEqual(own.origins.map(({ kind }) => kind), ["published", "own"]);
    assert.ok(own.texts.includes("Bold, below the line: our own run."));
    assert.equal(own.lacks, null);

    assert.doesNotMatch(published.table?.csv ?? "", /^own,/m);
    assert.deepEqual(published.origins.map(({ kind }) => kind), ["published"]);
    assert.match(published.lacks ?? "", /^deno task \w+ --run sample$/);
    assert.match(
      published.table?.markdown ?? "",
      new RegExp(`This makes a row of our own: ${published.lacks}`),
    );
  },
);

Deno.test("paperTableItems() has nothing to add to tables of the paper's own models and data", async () => {
  for (const id of ["table-1", "table-2", "table-3", "table-4", "table-5", "table-11"]) {
    const { table, lacks } = await drawing(id, FULL_RUN);
    assert.doesNotMatch(table?.csv ?? "", /^own,/m);
    assert.equal(lacks, null);
  }
});

Deno.test("paperTableItems() writes small learning rates with exponents, and lays wide tables on their side", async () => {
  const { texts, width } = await drawing("table-2");
  for (const rate of ["4e-3", "3.6e-4", "5e-6", "8e-5"]) assert.ok(texts.includes(rate), rate);
  assert.ok(width < 1000, `${width}`);
  const stages = texts.indexOf("stage");
  assert.deepEqual(texts.slice(stages, stages + 3), ["stage", "pretrain", "pretrain"]);
});
