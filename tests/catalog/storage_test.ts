import assert from "node:assert/strict";
import type { Columns } from "../../lib/catalog/columns.ts";
import type { TableSchema } from "../../lib/catalog/schema.ts";
import { readTable, writeTable } from "../../lib/catalog/storage.ts";
import { temporaryDirectory } from "../sources/temporary_directory.ts";

const SCHEMA: TableSchema = { id: "VARCHAR", count: "BIGINT", score: "DOUBLE", ok: "BOOLEAN" };
/** More than two row groups. */
const ROWS = 200_001;

/** Rows from … to − 1, every seventh of them null. */
function part(from: number, to: number): Columns {
  const numbers = Array.from({ length: to - from }, (_, i) => from + i);
  const column = (value: (i: number) => unknown) => numbers.map((i) => i % 7 === 0 ? null : value(i));
  return new Map([
    ["id", column((i) => `document ${i}`)],
    ["count", column((i) => BigInt(i))],
    ["score", column((i) => i / 3)],
    ["ok", column((i) => i % 2 === 0)],
  ]);
}

async function* parts(...ends: number[]): AsyncGenerator<Columns> {
  for (const [i, end] of ends.entries()) {
    yield await Promise.resolve(part(i === 0 ? 0 : ends[i - 1] ?? 0, end));
  }
}

Deno.test("writeTable() writes what readTable() reads, the same bytes whatever the parts", async () => {
  await using directory = await temporaryDirectory();
  const written: Uint8Array[] = [];
  for (const ends of [[ROWS], [1, 1, 99_999, 100_000, 100_001, 200_000, ROWS]]) {
    const path = `${directory.path}/${ends.length}.parquet`;
    await writeTable(path, SCHEMA, parts(...ends));
    written.push(await Deno.readFile(path));
  }
  assert.deepEqual(written[1], written[0]);
  const { schema, rows } = await readTable(`${directory.path}/1.parquet`);
  assert.deepEqual(schema, SCHEMA);
  assert.equal(rows.length, ROWS);
  for (const i of [0, 1, 99_999, 100_000, 100_001, ROWS - 1]) {
    const expected = Object.fromEntries([...part(i, i + 1)].map(([name, [value]]) => [name, value]));
    assert.deepEqual(rows[i], expected);
  }
});

Deno.test("writeTable() writes a table without rows, and nothing where a value does not fit", async () => {
  await using directory = await temporaryDirectory();
  const path = `${directory.path}/table.parquet`;
  await writeTable(path, SCHEMA, parts());
  assert.deepEqual(await readTable(path), { schema: SCHEMA, rows: [] });
  const wrong = `${directory.path}/wrong.parquet`;
  await assert.rejects(writeTable(wrong, { id: "BIGINT" }, parts(2)), {
    name: "UsageError",
    message: /wrong\.parquet/,
  });
  assert.deepEqual((await Array.fromAsync(Deno.readDir(directory.path))).map(({ name }) => name), [
    "table.parquet",
  ]);
});
