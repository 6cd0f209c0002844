import assert from "node:assert/strict";
import { stageKey, stageLayers, timeline } from "../../lib/figures/timeline.ts";

const STAGES = [{ name: "corpus", title: "Corpus" }, { name: "a", title: "First" }, {
  name: "b",
  title: "Second",
}];
const METRICS = [{ stage: "b", tokens: 40 }, { stage: "a", tokens: 50 }, { stage: "a", tokens: 100 }];

Deno.test("timeline() counts tokens through the stages that have metrics", () => {
  assert.deepEqual(timeline(STAGES, METRICS), [
    { stage: "a", title: "First", number: 1, from: 0, to: 100 },
    { stage: "b", title: "Second", number: 2, from: 100, to: 140 },
  ]);
  assert.deepEqual(timeline(STAGES, []), []);
});

Deno.test("stageKey() explains the numbers where there are several stages", () => {
  assert.equal(stageKey(timeline(STAGES, METRICS)), "1 First · 2 Second");
  assert.equal(stageKey(timeline(STAGES, METRICS.slice(1))), "");
});

Deno.test("stageLayers() draws nothing for one stage", () => {
  assert.equal(stageLayers(timeline(STAGES, METRICS)).length, 2);
  assert.deepEqual(stageLayers(timeline(STAGES, METRICS.slice(1))), []);
});

Deno.test("stageLayers() joins the numbers of narrow neighbours", () => {
  const lengths = [["a", 100], ["b", 2], ["c", 2], ["d", 60], ["e", 3]] as const;
  const stages = lengths.map(([name]) => ({ name, title: name }));
  const stretches = timeline(stages, lengths.map(([stage, tokens]) => ({ stage, tokens })));
  const { data } = stageLayers(stretches)[1] ?? {};
  assert.deepEqual(data, {
    values: [
      { tokens: 50, number: "1" },
      { tokens: 102, number: "2–3" },
      { tokens: 134, number: "4" },
      { tokens: 165.5, number: "5" },
    ],
  });
});
