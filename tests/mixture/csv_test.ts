import assert from "node:assert/strict";
import { join } from "node:path";
import { UsageError } from "../../lib/core/errors.ts";
import { readCsv } from "../../lib/mixture/csv.ts";
import { inDirectory } from "../core/temporary.ts";

/** Reads a text as a file's. */
async function read(text: string) {
  const found: Awaited<ReturnType<typeof readCsv>>[] = [];
  await inDirectory(async (directory) => {
    const path = join(directory, "table.csv");
    await Deno.writeTextFile(path, text);
    found.push(await readCsv(path));
  });
  const [{ header, rows } = { header: [], rows: [] }] = found;
  return { header, rows };
}

function refused(text: string, message: RegExp): Promise<void> {
  return assert.rejects(read(text), (error) => {
    assert.ok(error instanceof UsageError);
    assert.match(error.message, message);
    return true;
  });
}

Deno.test("readCsv() reads cells as text, quoted ones, empty lines and a byte-order mark too", async () => {
  const expected = {
    header: ["name", "code, all", "math"],
    rows: [['a "b"', "1", ""], ["c", "2e-1", "nan"]],
  };
  assert.deepEqual(await read('\uFEFFname,"code, all",math\n"a ""b""",1,\nc, 2e-1 ,nan\n'), expected);
  assert.deepEqual(await read('name,"code, all",math\r\n\r\n"a ""b""",1,\r\nc,2e-1,nan'), expected);
});

Deno.test("readCsv() of a header alone has no rows", async () => {
  assert.deepEqual(await read("name,code"), { header: ["name", "code"], rows: [] });
});

Deno.test("readCsv() says what is wrong, and where", async () => {
  await refused("", /table\.csv is empty/);
  await refused("\n\n", /table\.csv is empty/);
  await refused("name,,code\n", /column 2 has no name/);
  await refused("name,code,code\n", /column "code" is there twice/);
  await refused("name,code\na,1\nb\n", /row 2 has 1 cells, expected 2/);
  await refused("name,code\na,1,2,3\n", /row 1 has 4 cells, expected 2/);
  await refused(
    'name,"code\na,1\n',
    /has a line break in the cell that begins with code: is a quotation mark missing/,
  );
});

Deno.test("readCsv() says that a file is missing or a folder", async () => {
  await inDirectory(async (directory) => {
    await assert.rejects(
      readCsv(join(directory, "none.csv")),
      /none\.csv does not exist, expected a CSV file\.$/,
    );
    await assert.rejects(readCsv(directory), /is a folder, expected a CSV file\.$/);
  });
});
