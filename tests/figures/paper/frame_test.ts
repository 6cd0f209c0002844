import assert from "node:assert/strict";
import { framed, notDrawn } from "../../../lib/figures/paper/frame.ts";
import { draw } from "../svg.ts";

Deno.test("framed() says number, title, how to read it, and whose numbers it shows", async () => {
  const { texts, svg } = await draw(framed({ data: { values: [{}] }, mark: "point" }, {
    place: "Figure 9",
    title: "A point",
    lead: "One mark.",
    origins: [{ kind: "published", source: "Table 6" }, { kind: "own", source: "deno task demo" }],
  }));
  assert.deepEqual(texts, [
    "Figure 9. A point",
    "One mark.",
    "Published: Table 6.",
    "Own run: deno task demo.",
  ]);
  assert.match(svg, /aria-label="Figure 9: A point\. One mark\. Published: Table 6\./);
});

Deno.test("notDrawn() names the command in one line", async () => {
  const { texts } = await draw(notDrawn("Figure 6", "Lines", "deno task loo"));
  assert.deepEqual(texts.toSorted(), [
    "Figure 6. Lines",
    "Not drawn: no run has it yet; this makes it: deno task loo",
  ]);
});
