import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import { parquetWriteBuffer } from "hyparquet-writer";
import { readFileRecords, readRecords } from "../../../lib/sources/chat/records.ts";
import { temporaryDirectory } from "../temporary_directory.ts";

/** A one-frame Zstandard file whose only block is raw (RFC 8878), so that no encoder is needed. */
function zstandard(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  // Magic number; single segment with a size of one byte; a last, raw block.
  const header = [0x28, 0xb5, 0x2f, 0xfd, 0x20, bytes.length];
  const block = (bytes.length << 3) | 1;
  return Uint8Array.from([...header, block & 255, block >> 8, 0, ...bytes]);
}

const parquet = new Uint8Array(parquetWriteBuffer({
  columnData: [
    { name: "n", data: ["5", "6", "7"], type: "STRING" },
    { name: "other", data: ["a", "b", "c"], type: "STRING" },
  ],
  rowGroupSize: 2,
}));

const numbers = async (path: string) =>
  (await Array.fromAsync(readRecords(path))).map((
    { value, place },
  ) => [value["n"], place.replace(/^.*\//, "")]);

Deno.test("readRecords() reads JSONL, plain and compressed, and parquet below a folder, in order of names", async () => {
  await using directory = await temporaryDirectory({
    "data/a.jsonl": '{"n": "1"}\n\n{"n": "2"}\n',
    "data/b.jsonl.gz": gzipSync('{"n": "3"}\n'),
    "data/c.jsonl.zst": zstandard('{"n": "4"}\n'),
    "data/d.parquet": parquet,
    "README.md": "no records",
  });
  assert.deepEqual(await numbers(directory.path), [
    ["1", "a.jsonl, line 1"],
    ["2", "a.jsonl, line 3"],
    ["3", "b.jsonl.gz, line 1"],
    ["4", "c.jsonl.zst, line 1"],
    ["5", "d.parquet, row 1"],
    ["6", "d.parquet, row 2"],
    ["7", "d.parquet, row 3"],
  ]);
  assert.deepEqual(await numbers(`${directory.path}/data/b.jsonl.gz`), [["3", "b.jsonl.gz, line 1"]]);
});

Deno.test("readRecords() reads lists of structures from parquet that another program wrote", async () => {
  await using directory = await temporaryDirectory();
  const path = `${directory.path}/tulu.parquet`;
  const database = await DuckDBInstance.create(":memory:");
  const connection = await database.connect();
  await connection.run(
    `COPY (SELECT [{role: 'user', content: 'é?'}, {role: 'assistant', content: 'é!'}] AS messages
     UNION ALL SELECT [{role: 'user', content: 'b'}]) TO '${path}' (FORMAT parquet, COMPRESSION zstd)`,
  );
  connection.closeSync();
  database.closeSync();
  const records = await Array.fromAsync(readRecords(path));
  assert.deepEqual(records.map(({ value }) => value["messages"]), [
    [{ role: "user", content: "é?" }, { role: "assistant", content: "é!" }],
    [{ role: "user", content: "b" }],
  ]);
});

Deno.test("readFileRecords() reads the columns of a parquet file that it is asked for", async () => {
  await using directory = await temporaryDirectory({ "d.parquet": parquet });
  const records = await Array.fromAsync(readFileRecords(`${directory.path}/d.parquet`, ["other"]));
  assert.deepEqual(records.map(({ value }) => value), [{ other: "a" }, { other: "b" }, { other: "c" }]);
});

Deno.test("readRecords() names the bad line, the folder without records, and the file of another kind", async () => {
  await using directory = await temporaryDirectory({
    "a/a.jsonl": '{"n": "1"}\n{"n": \n',
    "b/x.txt": "",
    "c.txt": "",
  });
  const refused: [string, RegExp][] = [
    ["a", /a\.jsonl, line 2: the line is no valid JSON/],
    ["b", /b has no files of JSONL or parquet\.$/],
    ["c.txt", /c\.txt has another extension than \.jsonl/],
    ["d", /d does not exist\.$/],
  ];
  for (const [path, message] of refused) {
    await assert.rejects(numbers(`${directory.path}/${path}`), { name: "UsageError", message });
  }
});
