import assert from "node:assert/strict";
import { sourceLine, table } from "../../../lib/figures/report/parts.ts";

Deno.test("sourceLine() marks whose numbers they are", () => {
  assert.match(sourceLine({ kind: "own", source: "a & b" }).text, />this run<.*Source: a &amp; b/);
  assert.match(sourceLine({ kind: "published", source: "Table 3" }).text, />published<.*Source: Table 3/);
});

Deno.test("table() heads columns and rows, and escapes its cells", () => {
  const { text } = table("Caption", { kind: "own", source: "here" }, [
    { title: "Name", cell: ({ name }) => name },
    { title: "Count", cell: ({ count }) => count, numeric: true, wideOnly: true },
  ], [{ name: "<a>", count: 3 }]);
  assert.ok(text.includes('<th scope="col" class="number wide-only">Count</th>'));
  assert.ok(text.includes('<tr><th scope="row">&lt;a&gt;</th><td class="number wide-only">3</td></tr>'));
});
