import assert from "node:assert/strict";
import { diagram } from "../../../lib/figures/paper/diagram.ts";
import { draw } from "../svg.ts";

Deno.test("diagram() breaks lines that are wider than their box, and draws two strokes at an arrow's head", async () => {
  const box = { y: 0, width: 90, height: 80, colour: "#333333" };
  const { texts, svg } = await draw(diagram(
    "two boxes",
    [
      { ...box, x: 0, title: "First", lines: ["one line that is too long"] },
      { ...box, x: 140, title: "Second", lines: [], data: true },
    ],
    [{ x: 90, y: 40, x2: 138, y2: 40 }],
    { width: 230, height: 80 },
  ));
  assert.equal(texts[0], "First");
  assert.ok(texts.length > 3 && texts.at(-1) === "Second");
  assert.equal(texts.slice(1, -1).join(" "), "one line that is too long");
  assert.equal(svg.match(/<line /g)?.length, 3);
  assert.equal(svg.match(/stroke-dasharray="4,3"/g)?.length, 1);
});
