import assert from "node:assert/strict";
import { idOf } from "../../../lib/figures/paper/item.ts";
import { RUN_FIGURES } from "../../../lib/figures/paper/run_figures.ts";
import { draw } from "../svg.ts";
import { EMPTY_RUN, FULL_RUN } from "./sample_run.ts";

Deno.test.each(RUN_FIGURES.map((item) => [idOf(item), item] as const))(
  "RUN_FIGURES: %s is drawn from the run alone, whose command, machine and date it names",
  async (id, item) => {
    const { spec, origins, lacks } = await item.draw(FULL_RUN);
    const { texts } = await draw(spec);
    assert.ok(texts.includes(`${item.place}. ${item.title}`));
    assert.equal(lacks, null);
    assert.deepEqual(
      origins.map(({ kind }) => kind),
      id === "figure-10" ? ["published", "own"] : ["own"],
    );
    assert.ok(
      texts.some((text) => /^Own run: deno task \w+ --run sample, a machine, 2026-11-24\.$/.test(text)),
    );
  },
);

Deno.test.each(RUN_FIGURES.map((item) => [idOf(item), item] as const))(
  "RUN_FIGURES: %s says in a line what makes it where the run lacks it",
  async (id, item) => {
    const { spec, origins, lacks } = await item.draw(EMPTY_RUN);
    const { texts, svg } = await draw(spec);
    assert.match(lacks ?? "", /^deno task \w+ --run sample$/);
    assert.ok(texts.some((text) => text.includes(lacks ?? "")));
    if (id === "figure-10") return;
    assert.deepEqual(origins, []);
    assert.equal(texts.length, 2);
    assert.ok(!svg.includes("mark-line"));
  },
);

Deno.test("RUN_FIGURES: figure 10 has what the text and Table 7 print, marked, whatever the run has", async () => {
  const item = RUN_FIGURES.find((item) => idOf(item) === "figure-10");
  for (const run of [EMPTY_RUN, FULL_RUN]) {
    const { spec } = await item?.draw(run) ?? {};
    const { texts } = await draw(spec ?? { data: { values: [] }, mark: "point" });
    for (const text of ["base, text: 57.0", "fine-tuned, text: 74.0", "fine-tuned, Table 7: 67.5"]) {
      assert.ok(texts.includes(text), text);
    }
    assert.equal(texts.includes("from base: 0.0 to 25.0"), run === FULL_RUN);
  }
});
