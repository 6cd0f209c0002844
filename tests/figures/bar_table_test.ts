import assert from "node:assert/strict";
import { type BarTable, barTable } from "../../lib/figures/bar_table.ts";
import { NARROW, WIDE } from "../../lib/figures/theme.ts";
import { draw } from "./svg.ts";

const bar = (name: string, value: number) => ({ name, value, label: `${value} units` });

function example(columns: number): BarTable {
  return {
    description: "an example",
    rows: [{ name: "pages", domain: "web" }, { name: "proofs", domain: "math" }, {
      name: "programs",
      domain: "code",
    }],
    columns: Array.from({ length: columns }, (_, i) => ({
      title: `Column ${i + 1}`,
      bars: [bar("pages", 10 + i), bar("proofs", 20 + i), bar("programs", 0)],
    })),
    sameScale: true,
  };
}

Deno.test("barTable() groups rows under their domains and prints every value", async () => {
  const { texts } = await draw(barTable(example(1), WIDE));
  assert.deepEqual(texts.filter((text) => !/units|Column/.test(text)), [
    "code",
    "programs",
    "math",
    "proofs",
    "web",
    "pages",
  ]);
  for (const label of ["Column 1", "10 units", "20 units", "0 units"]) {
    assert.ok(texts.includes(label), label);
  }
});

Deno.test("barTable() has no headings where there are no domains", async () => {
  const table = { ...example(1), rows: example(1).rows.map(({ name }) => ({ name })) };
  const { texts } = await draw(barTable(table, WIDE));
  assert.deepEqual(texts.slice(0, 3), ["pages", "proofs", "programs"]);
});

Deno.test("barTable() tells a source from a domain of the same name", async () => {
  const rows = [{ name: "math", domain: "math" }];
  const { texts } = await draw(
    barTable({ ...example(0), rows, columns: [{ title: "", bars: [bar("math", 7)] }] }, WIDE),
  );
  assert.equal(texts.filter((text) => text === "math").length, 2);
});

Deno.test("barTable() keeps to its width, and continues below what does not fit beside", async () => {
  for (const width of [NARROW, WIDE]) {
    for (const columns of [1, 2, 3, 9]) {
      const { width: drawn } = await draw(barTable(example(columns), width));
      assert.ok(drawn <= width && drawn > width - 30, `${columns} columns: ${drawn} of ${width}`);
    }
  }
  const [two, nine] = [await draw(barTable(example(2), NARROW)), await draw(barTable(example(9), NARROW))];
  assert.ok(nine.height > 3 * two.height);
  assert.ok(nine.texts.includes("Column 9"));
});

Deno.test("barTable() shortens names that are too long", async () => {
  const name = "a-source-whose-name-goes-on-and-on-and-on-and-on";
  const table = { ...example(0), rows: [{ name }], columns: [{ title: "Tokens", bars: [bar(name, 3)] }] };
  const { texts } = await draw(barTable(table, NARROW));
  assert.ok(texts[0]?.endsWith("…") && name.startsWith(texts[0].slice(0, -1)));
});

Deno.test("barTable() draws the marked value as a dashed line in every column", async () => {
  const { svg } = await draw(barTable({ ...example(2), mark: 5 }, WIDE));
  assert.equal(svg.split("stroke-dasharray").length - 1, 2);
});

Deno.test("barTable() draws without rows and without values", async () => {
  await draw(barTable({ ...example(0), rows: [] }, WIDE));
  const zeros = { ...example(1), columns: [{ title: "Nothing", bars: [bar("pages", 0)] }] };
  assert.ok(!(await draw(barTable(zeros, WIDE))).svg.includes("NaN"));
});

Deno.test("barTable() takes groups that are no domains, in their order and colours", async () => {
  const groups = new Map([["web", "#123456"], ["unused", "#000000"], ["code", "#654321"], [
    "math",
    "#abcdef",
  ]]);
  const { texts, svg } = await draw(barTable({ ...example(1), groups }, WIDE));
  assert.deepEqual(texts.filter((text) => groups.has(text)), ["web", "code", "math"]);
  assert.ok(svg.includes('fill="#123456"'));
});
