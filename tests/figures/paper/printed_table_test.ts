import assert from "node:assert/strict";
import { printedTable, toCsv, toMarkdown } from "../../../lib/figures/paper/printed_table.ts";

const TABLE = {
  name: "scores",
  place: null,
  title: "Scores",
  source: "nowhere",
  notes: "null: not measured.",
  columns: ["model", "gsm8k", "parameters", "open_weights"],
  derived: ["parameters"],
  rows: [['a, "b"', 1.5, 1234567, true], ["c", null, 2, false], ["own", 2, null, null]],
};

Deno.test("printedTable() gives a column's numbers the same decimals, and says what is missing or derived", () => {
  const { columns, rows, notes } = printedTable(TABLE);
  assert.deepEqual(columns.map(({ heading }) => heading), [
    "model",
    "GSM8K",
    "parameters ¹",
    "open weights",
  ]);
  assert.deepEqual(columns.map(({ numeric }) => numeric), [false, true, true, false]);
  assert.deepEqual(rows.map(({ cells }) => cells), [
    ['a, "b"', "1.5", "1,234,567", "yes"],
    ["c", "–", "2", "no"],
    ["own", "2.0", "–", "–"],
  ]);
  assert.deepEqual(notes, ["–: not measured.", "¹ Not printed in the paper: computed from what is."]);
});

Deno.test("printedTable() tells own rows and flagged cells", () => {
  const { rows } = printedTable(TABLE, {
    ownRows: 1,
    flagged: (row, column) => row === 0 && column === "gsm8k",
    notes: [],
  });
  assert.deepEqual(rows.map(({ own }) => own), [false, false, true]);
  assert.equal(rows[0]?.cells[1], "*1.5");
  assert.match(
    toMarkdown({ columns: [], rows, notes: ["n"] }),
    /\*\*own\*\* \| \*\*2\.0\*\*/,
  );
});

Deno.test("toCsv() quotes what needs it and leaves missing values empty", () => {
  assert.equal(
    toCsv(TABLE, 1),
    'origin,model,gsm8k,parameters,open_weights\npublished,"a, ""b""",1.5,1234567,true\npublished,c,,2,false\nown,own,2,,\n',
  );
});
