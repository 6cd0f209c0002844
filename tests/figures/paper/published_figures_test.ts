import assert from "node:assert/strict";
import { loadPaperTable, paperRecords } from "../../../lib/catalog/published.ts";
import { idOf } from "../../../lib/figures/paper/item.ts";
import { PUBLISHED_FIGURES } from "../../../lib/figures/paper/published_figures.ts";
import { draw } from "../svg.ts";
import { EMPTY_RUN, FULL_RUN } from "./sample_run.ts";

async function drawing(id: string, run = EMPTY_RUN) {
  const item = PUBLISHED_FIGURES.find((item) => idOf(item) === id);
  assert.ok(item !== undefined);
  const { spec, ...rest } = await item.draw(run);
  return { ...rest, ...await draw(spec) };
}

/** What the paper prints on the bars, once more: model, then the benchmarks; "" where it prints none. */
const PRINTED = {
  "figure-2": `
    SmolLM2-135M-base 1.8 0.0 –
    MobileLLM-R1-140M-base 16.3 15.9 –
    MobileLLM-R1-360M-base 39.4 32.9 26.8
    SmolLM2-360M-base 5.0 0.0 24.7
    MobileLLM-R1-950M-base 61.6 46.3 47.4
    OLMo-2-0425-1B-base 39.8 6.7 42.4
    SmolLM2-1.7B-base 31.8 0.6 50.0
    Gemma-3-270M-pt 1.1 3.1 26.5
    Qwen3-0.6B-base 60.9 30.5 52.4
    Gemma-3-1B-pt 2.4 6.1 26.1
    LLaMA3.2-1B-base 6.8 17.1 32.0`,
  "figure-3": `
    SmolLM2-135M-Instruct 3.0 – 0.0
    MobileLLM-R1-140M 6.2 – 1.7
    MobileLLM-R1-360M 28.4 – 5.1
    SmolLM2-360M-Instruct 3.4 – 0.7
    MobileLLM-R1-950M 74.0 15.5 19.9
    OLMo-2-0425-1B-Instruct 19.2 0.6 0.0
    SmolLM2-1.7B-Instruct 19.2 0.3 4.4
    Gemma-3-270M-it 6.8 – 0.0
    Qwen3-0.6B 73.0 11.3 14.9
    Gemma-3-1B-it 45.4 0.9 2.0
    LLaMA3.2-1B-Instruct 24.8 1.1 4.1
    DeepSeek-R1-Distill-Qwen-1.5B 83.2 29.1 19.9`,
};

for (const [id, printed] of Object.entries(PRINTED)) {
  Deno.test(`PUBLISHED_FIGURES: ${id} has every printed value at its model, and no other`, async () => {
    const item = PUBLISHED_FIGURES.find((item) => idOf(item) === id);
    const { spec } = await item?.draw(EMPTY_RUN) ?? {};
    const rows = printed.trim().split("\n").map((line) => line.trim().split(" "));
    const columns = barColumns(spec);
    assert.equal(columns.length, 3);
    columns.forEach((bars, column) => {
      const expected = rows.map(([model, ...values]) => [model, values[column]] as const)
        .filter(([, value]) => value !== "–");
      assert.deepEqual(new Map(bars), new Map(expected));
    });
    const { texts } = await drawing(id);
    for (const [model] of rows) assert.ok(texts.includes(model ?? ""), model);
  });
}

/** Models and labels of each column of bars. */
function barColumns(spec: unknown): [string, string][][] {
  const { vconcat } = spec as { vconcat: { hconcat: { data: { values: Record<string, string>[] } }[] }[] };
  return (vconcat[0]?.hconcat ?? []).slice(1).map(({ data: { values } }) =>
    values.map(({ key = "", label = "" }) => [key.replace(/^row /, ""), label])
  );
}

Deno.test("PUBLISHED_FIGURES: figure 1 has 13 models, their printed scores and 6 × parameters × tokens", async () => {
  const { texts, lacks } = await drawing("figure-1");
  // In 10²¹: derived once more, by hand.
  const flops = {
    "SmolLM2-135M-base": [1.62, "0.0"],
    "MobileLLM-R1-140M-base": [3.53, "15.9"],
    "Gemma-3-270M-pt": [9.65, "3.1"],
    "SmolLM2-360M-base": [8.69, "0.0"],
    "MobileLLM-R1-360M-base": [9.05, "32.9"],
    "Qwen2.5-0.5B-base": [53.35, "28.1"],
    "Qwen3-0.6B-base": [128.74, "30.5"],
    "MobileLLM-R1-950M-base": [23.91, "46.3"],
    "Gemma-3-1B-pt": [12.0, "6.1"],
    "LLaMA3.2-1B-base": [66.96, "17.1"],
    "OLMo-2-0425-1B-base": [39.96, "6.7"],
    "Qwen2.5-1.5B-base": [166.32, "36.6"],
    "SmolLM2-1.7B-base": [112.86, "0.6"],
  } as const;
  const points = paperRecords(await loadPaperTable("fig1_points"));
  assert.equal(points.length, Object.keys(flops).length);
  for (const [model, [expected, score]] of Object.entries(flops)) {
    assert.ok(texts.includes(`${model} ${score}`), model);
    const point = points.find((point) => point["model"] === model);
    assert.ok(Math.abs(Number(point?.["flops"]) / 1e21 - expected) < 0.005, model);
  }
  assert.ok(texts.some((text) => text.includes("FLOPs are derived")));
  assert.equal(lacks, EMPTY_RUN.baseScores.command);
});

Deno.test("PUBLISHED_FIGURES mark our own models as own", async () => {
  const compute = await drawing("figure-1", FULL_RUN);
  assert.ok(compute.texts.includes("Our runs") && compute.texts.includes("sample 4.5"));
  assert.deepEqual(compute.origins.map(({ kind }) => kind), ["published", "own"]);
  const base = await drawing("figure-2", FULL_RUN);
  const heading = base.texts.indexOf("our runs");
  assert.deepEqual(base.texts.slice(heading, heading + 2), ["our runs", "sample"]);
  assert.ok(base.texts.includes("12.3"));
  assert.ok(base.texts.includes("Own run: deno task eval --run sample, a machine, 2026-11-24."));
  assert.ok((await drawing("figure-3", FULL_RUN)).texts.includes("6.8"));
});

Deno.test("PUBLISHED_FIGURES: figure 4 has Table 2's amounts in the order of training", async () => {
  const { texts } = await drawing("figure-4");
  const amounts = texts.filter((text) => /^[\d.]+[TBMK] (tokens|samples)$/.test(text));
  assert.deepEqual(amounts, [
    "2T tokens",
    "2T tokens",
    "100B tokens",
    "100B tokens",
    "866K samples",
    "6.2M samples",
  ]);
});

Deno.test("PUBLISHED_FIGURES: figure 5 has the four filters in their order", async () => {
  const { texts, origins } = await drawing("figure-5");
  assert.deepEqual(texts.filter((text) => /^\d /.test(text)), [
    "1 Education",
    "2 Reasoning",
    "3 Domain",
    "4 Deduplication",
  ]);
  assert.equal(origins[0]?.source, "MobileLLM-R1, arXiv 2509.24945v1, section 5.1.1");
});
