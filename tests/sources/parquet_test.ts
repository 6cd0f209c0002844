import assert from "node:assert/strict";
import fc from "fast-check";
import { parquetWriteBuffer } from "hyparquet-writer";
import { readParquet } from "../../lib/sources/parquet.ts";
import { temporaryDirectory } from "./temporary_directory.ts";

const encoded = (options: Parameters<typeof parquetWriteBuffer>[0]) =>
  new Uint8Array(parquetWriteBuffer(options));

Deno.test("readParquet() reads every row group and passes over nulls", async () => {
  const texts = Array.from({ length: 25 }, (_, i) => i === 7 ? null : `text ${i}`);
  await using directory = await temporaryDirectory({
    "a.parquet": encoded({
      columnData: [
        { name: "id", data: texts.map((_, i) => BigInt(i)), type: "INT64" },
        { name: "content", data: texts, type: "STRING", nullable: true },
        { name: "license", data: texts.map(() => "MIT"), type: "STRING" },
      ],
      rowGroupSize: 10,
    }),
  });
  const documents = await Array.fromAsync(readParquet(`${directory.path}/a.parquet`));
  assert.deepEqual(documents.map(({ text }) => text), texts.filter((text) => text !== null));
  assert.equal(documents[0]?.licence, "MIT");
});

Deno.test("readParquet() lists the columns where none is text", async () => {
  await using directory = await temporaryDirectory({
    "a.parquet": encoded({
      columnData: [
        { name: "title", data: ["a"], type: "STRING" },
        { name: "text", data: [1], type: "INT32" },
      ],
    }),
  });
  const path = `${directory.path}/a.parquet`;
  await assert.rejects(Array.fromAsync(readParquet(path)), {
    name: "UsageError",
    message:
      /no text column "text", "content", "raw_content"; it has "title" \(BYTE_ARRAY\), "text" \(INT32\)/,
  });
  const [document] = await Array.fromAsync(readParquet(path, "title"));
  assert.deepEqual(document, { text: "a", metadata: { text: 1 } });
});

Deno.test("readParquet() names a file that is none", async () => {
  await using directory = await temporaryDirectory({ "a.parquet": "no parquet", "b.parquet": "" });
  for (const name of ["a.parquet", "b.parquet"]) {
    await assert.rejects(Array.fromAsync(readParquet(`${directory.path}/${name}`)), {
      name: "UsageError",
      message: new RegExp(`${name} is no valid parquet file`),
    });
  }
  await assert.rejects(Array.fromAsync(readParquet(`${directory.path}/c.parquet`)), {
    message: /does not exist/,
  });
});

Deno.test("readParquet() refuses a file cut anywhere", async () => {
  const whole = encoded({ columnData: [{ name: "text", data: ["a", "b", "c"], type: "STRING" }] });
  await using directory = await temporaryDirectory();
  const path = `${directory.path}/a.parquet`;
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: whole.length - 1 }), async (length) => {
      await Deno.writeFile(path, whole.subarray(0, length));
      await assert.rejects(Array.fromAsync(readParquet(path)), { name: "UsageError" });
    }),
    { numRuns: 50 },
  );
});
