import assert from "node:assert/strict";
import { join } from "node:path";
import { readRunCsv } from "../../lib/mixture/run_csv.ts";
import { inDirectory } from "../core/temporary.ts";
import { refused, write } from "./written_files.ts";

const readCsvs = (directory: string) =>
  readRunCsv(join(directory, "mixtures.csv"), join(directory, "losses.csv"));

Deno.test("readRunCsv() joins by name, whatever the order, and takes shares and percentages", async () => {
  await inDirectory(async (directory) => {
    await write(directory, {
      "mixtures.csv": "code,Name,web\n0.25,b,0.75\n60,a,40\n",
      "losses.csv": "name,p1,seed,p2\na,2,1,3\nb,1,1,4\na,2.5,2,3.5\n",
    });
    const { sources, probes, runs } = await readCsvs(directory);
    assert.deepEqual([sources, probes], [["code", "web"], ["p1", "p2"]]);
    assert.deepEqual(runs.map(({ name, seed, weights, losses }) => [name, seed, weights, losses]), [
      ["a", 1, [0.6, 0.4], [2, 3]],
      ["b", 1, [0.25, 0.75], [1, 4]],
      ["a", 2, [0.6, 0.4], [2.5, 3.5]],
    ]);
  });
});

Deno.test("readRunCsv() takes the first column for the name where none is called so", async () => {
  await inDirectory(async (directory) => {
    await write(directory, { "mixtures.csv": "index,code,web\n7,0.5,0.5\n", "losses.csv": "index,p\n7,2\n" });
    assert.equal((await readCsvs(directory)).runs[0]?.name, "7");
  });
});

Deno.test("readRunCsv() says which row is wrong, and how", async () => {
  const good = { "mixtures.csv": "name,code,web\na,0.5,0.5\nb,1,0\n", "losses.csv": "name,p\na,1\nb,2\n" };
  const cases: [Partial<typeof good>, RegExp][] = [
    [{ "losses.csv": "name,p\na,1\n" }, /mixtures\.csv: row 2 \("b"\) has no row in .*losses\.csv\.$/],
    [
      { "losses.csv": "name,p\na,1\nb,2\nc,3\n" },
      /losses\.csv: row 3 \("c"\) has no row in .*mixtures\.csv\.$/,
    ],
    [
      { "losses.csv": "name,p\na,1\nb,2\na,3\n" },
      /losses\.csv: row 3 \("a"\) is there twice, in row 1 already\.$/,
    ],
    [
      { "losses.csv": "name,p,seed\na,1,4\nb,2,4\na,3,4\n" },
      /row 3 \("a"\) is there twice, in row 1 already with seed 4\.$/,
    ],
    [{ "losses.csv": "name,p\na,nan\nb,2\n" }, /row 1 \("a"\) has "nan" in column "p", expected a number\.$/],
    [{ "losses.csv": "name,p\na,\nb,2\n" }, /row 1 \("a"\) has nothing in column "p", expected a number\.$/],
    [{ "losses.csv": "name,p\n,1\n" }, /losses\.csv: row 1 has no name\.$/],
    [
      { "losses.csv": "name;p\na;1\n" },
      /has the columns name;p, expected a name and, apart by commas, one column for each probe\.$/,
    ],
    [{ "losses.csv": "name,p\n" }, /losses\.csv has no rows, expected one for each mixture\.$/],
    [
      { "mixtures.csv": "name,code,web\na,-0.5,1.5\nb,1,0\n" },
      /row 1 \("a"\) gives "code" -0\.5, expected a share of 0 or more\.$/,
    ],
    [
      { "mixtures.csv": "name,code,web\na,0.5,0.5\nb,0.5,0.2\n" },
      /row 2 \("b"\) has shares that sum to 0\.7, expected 1 or 100 within 1%\.$/,
    ],
    [{ "mixtures.csv": "name,code,web\na,0.5,0.5\na,1,0\n" }, /mixtures\.csv: row 2 \("a"\) is there twice/],
    [
      { "mixtures.csv": "name,seed,code\na,1,1\n" },
      /has a column "seed", expected it in .*losses\.csv alone\.$/,
    ],
  ];
  for (const [files, message] of cases) await refused({ ...good, ...files }, readCsvs, message);
});
