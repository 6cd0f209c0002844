import assert from "node:assert/strict";
import { table } from "arquero";
import { formatTable } from "../../lib/catalog/text_table.ts";

Deno.test("formatTable() aligns, shortens and marks null", () => {
  const text = formatTable(table({
    name: ["a", null, "x".repeat(100)],
    value: [1.23456789, 20, null],
    day: [new Date("2024-02-29"), null, null],
  }));
  assert.equal(
    text,
    [
      `name${" ".repeat(76)}    value  day`,
      `a${" ".repeat(79)}  1.23457  2024-02-29`,
      `–${" ".repeat(79)}       20  –`,
      `${"x".repeat(79)}…        –  –`,
    ].join("\n"),
  );
});
