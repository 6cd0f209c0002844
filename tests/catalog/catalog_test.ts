import assert from "node:assert/strict";
import { table } from "arquero";
import fc from "fast-check";
import { openCatalog } from "../../lib/catalog/catalog.ts";
import { ENGINES } from "../../lib/catalog/engine.ts";
import { TABLES } from "../../lib/catalog/schema.ts";
import { temporaryDirectory } from "../sources/temporary_directory.ts";

const documents = [
  { id: "1", source: "three", domain: "code", language: "und", characters: 10, tokens: 4 },
  { id: "2", source: "three", domain: "code", language: "und", characters: 30, tokens: 8 },
  { id: "3", source: "sotu", domain: "knowledge", language: "en", characters: 50, tokens: 9 },
  { id: "3", source: "moby-dick", domain: "knowledge", language: "en", characters: 50, tokens: 9 },
];
const scores = [{ id: "1", scorer: "education", score: 2.5 }, { id: "3", scorer: "education", score: 4.25 }];

// One SQL, two engines: what each statement must give on both.
const statements: [string, (string | number)[], unknown][] = [
  ["SELECT count(*) AS n FROM documents", [], [{ n: 4 }]],
  ["SELECT count(*) - count(DISTINCT id) AS duplicates FROM documents", [], [{ duplicates: 1 }]],
  [
    "SELECT source, sum(tokens) AS tokens, avg(characters) AS mean FROM documents GROUP BY source ORDER BY source",
    [],
    [
      { source: "moby-dick", tokens: 9, mean: 50 },
      { source: "sotu", tokens: 9, mean: 50 },
      { source: "three", tokens: 12, mean: 20 },
    ],
  ],
  [
    "SELECT source, score FROM documents LEFT JOIN scores USING (id) WHERE domain = ? AND tokens < ? ORDER BY id",
    ["code", 100],
    [{ source: "three", score: 2.5 }, { source: "three", score: null }],
  ],
  [
    "SELECT id, tokens, row_number() OVER (PARTITION BY domain ORDER BY tokens DESC, source) AS place FROM documents " +
    "QUALIFY place = 1 ORDER BY id",
    [],
    [{ id: "2", tokens: 8, place: 1 }, { id: "3", tokens: 9, place: 1 }],
  ],
  ["SELECT * FROM runs", [], []],
  [
    "SELECT 9007199254740993 AS big, DATE '2024-02-29' AS day, 1.25::DECIMAL(9, 2) AS price, [1, 2] AS list, NULL AS nothing",
    [],
    [{ big: 9007199254740993n, day: new Date("2024-02-29"), price: 1.25, list: [1, 2], nothing: null }],
  ],
  [
    "SELECT quantile_cont(tokens, 0.5) AS median, stddev_pop(tokens) AS spread FROM documents WHERE source = 'three'",
    [],
    [
      { median: 6, spread: 2 },
    ],
  ],
];

for (const engine of ENGINES) {
  Deno.test(`query() gives what the SQL says (${engine})`, async () => {
    await using catalog = await openCatalog({ engine });
    await catalog.insert("documents", documents);
    await catalog.insert("scores", scores);
    for (const [sql, parameters, expected] of statements) {
      assert.deepEqual((await catalog.query(sql, parameters)).objects(), expected, sql);
    }
  });

  Deno.test(`query() and execute() report errors in one sentence (${engine})`, async () => {
    await using catalog = await openCatalog({ engine });
    await assert.rejects(catalog.query("SELEC 1"), {
      name: "UsageError",
      message: /^Parser Error: syntax error at or near "SELEC" \(in: SELEC 1\)$/,
    });
    await assert.rejects(catalog.query("SELECT * FROM nothing"), { name: "UsageError", message: /nothing/ });
    await assert.rejects(catalog.execute("DROP TABLE nothing; SELECT 1"), {
      name: "UsageError",
      message: /nothing/,
    });
    // Nor does asking for an extension or a file end the process.
    await assert.rejects(catalog.query("SELECT * FROM 'https://localhost/nothing.parquet'"), {
      name: "UsageError",
    });
  });

  Deno.test(`execute() runs several statements (${engine})`, async () => {
    await using catalog = await openCatalog({ engine });
    await catalog.execute("CREATE TABLE notes (text VARCHAR); INSERT INTO notes VALUES ('a'), ('b')");
    assert.deepEqual((await catalog.query("SELECT * FROM notes")).array("text"), ["a", "b"]);
  });

  Deno.test(`insert() makes tables, appends, and takes arquero tables (${engine})`, async () => {
    await using catalog = await openCatalog({ engine });
    await catalog.insert("own", [{ name: "a", value: 1.5, big: 2n, ok: true }]);
    await catalog.insert("own", table({ ok: [null], name: ["é"] }));
    await catalog.insert("own", []);
    assert.deepEqual((await catalog.query("SELECT * FROM own")).objects(), [
      { name: "a", value: 1.5, big: 2, ok: true },
      { name: "é", value: null, big: null, ok: null },
    ]);
    await catalog.execute("CREATE TABLE small (value TINYINT)");
    await catalog.insert("small", [{ value: 100 }]);
    await assert.rejects(catalog.insert("small", [{ value: 1000 }]), {
      name: "UsageError",
      message: /INSERT INTO small/,
    });
    await assert.rejects(catalog.insert("documents", [{ text: "a" }]), {
      name: "UsageError",
      message: /no column "text"/,
    });
  });

  Deno.test(`insert() keeps any strings and numbers (${engine})`, async () => {
    await using catalog = await openCatalog({ engine });
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            text: fc.option(fc.string({ unit: "grapheme" })),
            value: fc.option(fc.double({ noNaN: true })),
            count: fc.option(fc.maxSafeInteger()),
          }),
          { minLength: 1, maxLength: 50 },
        ),
        async (rows) => {
          await catalog.execute(
            "DROP TABLE IF EXISTS own; CREATE TABLE own (text VARCHAR, value DOUBLE, count BIGINT)",
          );
          await catalog.insert("own", rows);
          const found = (await catalog.query("SELECT * FROM own")).objects();
          // -0 is no integer, and becomes 0 as one.
          assert.deepEqual(
            found,
            rows.map((row) => ({ ...row, count: row.count === null ? null : row.count + 0 })),
          );
        },
      ),
      { numRuns: 30 },
    );
  });

  Deno.test(`save() writes parquet files that the other engine opens (${engine})`, async () => {
    await using directory = await temporaryDirectory();
    const path = `${directory.path}/catalog`;
    {
      await using catalog = await openCatalog({ engine, directory: path });
      await catalog.insert("documents", documents);
      await catalog.insert("own", [{ name: "a", value: null, ok: false }, {
        name: null,
        value: 0.1,
        ok: null,
      }]);
      await catalog.execute("CREATE TABLE dates AS SELECT DATE '2024-02-29' AS day, [1, 2] AS list");
      await catalog.insert("paper_own", [{ a: 1 }]);
      await catalog.save();
    }
    const files = (await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name).sort();
    assert.deepEqual(files, [...Object.keys(TABLES), "dates", "own"].sort().map((name) => `${name}.parquet`));
    for (const other of ENGINES) {
      await using catalog = await openCatalog({ engine: other, directory: path });
      const found = await catalog.query(
        "SELECT id, source, domain, language, characters, tokens FROM documents",
      );
      assert.deepEqual(found.objects(), documents);
      assert.deepEqual((await catalog.query("SELECT * FROM own")).objects(), [
        { name: "a", value: null, ok: false },
        { name: null, value: 0.1, ok: null },
      ]);
      // Parquet has the four types of our own tables; others become text.
      assert.deepEqual((await catalog.query("SELECT * FROM dates")).objects(), [{
        day: "2024-02-29",
        list: "[1, 2]",
      }]);
      await catalog.save();
      const before = await Deno.readFile(`${path}/documents.parquet`);
      await catalog.save();
      assert.deepEqual(await Deno.readFile(`${path}/documents.parquet`), before);
    }
  });

  Deno.test(`insertJsonLines() appends a file's objects, all or none (${engine})`, async () => {
    const lines = Array.from(
      { length: 10_002 },
      (_, i) => ({ id: `${i}`, source: "own", tokens: i, text: "é" }),
    );
    const text = (values: readonly unknown[]) => values.map((value) => JSON.stringify(value) + "\n").join("");
    await using directory = await temporaryDirectory({
      "it's.jsonl": text(lines),
      "empty.jsonl": "",
      "wrong.jsonl": text([...lines, { id: "last", tokens: "many" }]),
      "cut.jsonl": text(lines).slice(0, -9),
    });
    const { path } = directory;
    await using catalog = await openCatalog({ engine });
    await catalog.insertJsonLines("documents", `${path}/it's.jsonl`);
    await catalog.insertJsonLines("documents", `${path}/empty.jsonl`);
    for (const file of ["wrong.jsonl", "cut.jsonl"]) {
      await assert.rejects(catalog.insertJsonLines("documents", `${path}/${file}`), {
        name: "RunError",
        message: new RegExp(`${file}`),
      });
    }
    await assert.rejects(catalog.insertJsonLines("nothing", `${path}/empty.jsonl`), {
      name: "UsageError",
      message: `There is no table "nothing" for the lines of ${path}/empty.jsonl.`,
    });
    assert.deepEqual(
      (await catalog.query("SELECT id, source, tokens, title FROM documents ORDER BY tokens")).objects(),
      lines.map(({ id, source, tokens }) => ({ id, source, tokens, title: null })),
    );
  });
}

Deno.test("save() writes the same bytes from either engine, more rows than a row group among them", async () => {
  await using directory = await temporaryDirectory();
  for (const engine of ENGINES) {
    await using catalog = await openCatalog({ engine, directory: `${directory.path}/${engine}` });
    await catalog.insert("documents", documents);
    await catalog.execute(
      "CREATE TABLE own AS SELECT i, i / 7 AS share, i % 2 = 0 AS even FROM range(100001) t(i)",
    );
    await catalog.execute("DELETE FROM own WHERE i % 10 = 3");
    await catalog.save();
  }
  for (const table of [...Object.keys(TABLES), "own"]) {
    const [wasm, native] = await Promise.all(
      ENGINES.map((engine) => Deno.readFile(`${directory.path}/${engine}/${table}.parquet`)),
    );
    assert.deepEqual(native, wasm, table);
  }
});

Deno.test("stream() gives a query's rows in parts (native and wasm)", async () => {
  for (const engine of ENGINES) {
    await using catalog = await openCatalog({ engine });
    const sql = "SELECT i::DOUBLE AS i, [i] AS list FROM range(5000) t(i) ORDER BY i";
    const found: unknown[] = [];
    for await (const part of catalog.stream(sql)) found.push(...part.get("i") ?? []);
    assert.deepEqual(found, Array.from({ length: 5000 }, (_, i) => i));
    await assert.rejects(Array.fromAsync(catalog.stream("SELEC 1")), {
      name: "UsageError",
      message: /SELEC/,
    });
  }
});

Deno.test("a native catalogue keeps to its limits, spills, and leaves nothing behind", async () => {
  await using directory = await temporaryDirectory({ "tables/.keep": "", "spilled/.keep": "" });
  const settings = {
    engine: "native",
    directory: `${directory.path}/tables`,
    spillDirectory: `${directory.path}/spilled`,
    memoryLimit: "40MB",
    threads: 1,
  } as const;
  const rows = 400_000;
  {
    await using catalog = await openCatalog(settings);
    const found = await catalog.query(
      "SELECT current_setting('memory_limit') AS memory, current_setting('threads') AS threads",
    );
    assert.deepEqual(found.objects(), [{ memory: "38.1 MiB", threads: 1 }]);
    await catalog.execute(
      `INSERT INTO documents (id, source, tokens) SELECT sha256(i::VARCHAR), 's' || i % 7, i FROM range(${rows}) t(i)`,
    );
    // Sorting holds every row, which is more than the limit.
    const sort = "CREATE TABLE sorted AS SELECT id, tokens FROM documents ORDER BY id";
    await catalog.execute("SET max_temp_directory_size = '0KB'");
    await assert.rejects(catalog.execute(sort), { name: "UsageError", message: /^Out of Memory/ });
    await catalog.execute("RESET max_temp_directory_size");
    await catalog.execute(sort);
    await catalog.save();
  }
  assert.deepEqual((await Array.fromAsync(Deno.readDir(settings.spillDirectory))).map(({ name }) => name), [
    ".keep",
  ]);
  await using catalog = await openCatalog(settings);
  assert.deepEqual(
    (await catalog.query("SELECT count(*) AS n, sum(tokens) AS tokens FROM sorted")).objects(),
    [{ n: rows, tokens: rows * (rows - 1) / 2 }],
  );
});

Deno.test("openCatalog() refuses an unknown engine, an unusable limit and a corrupt table", async () => {
  // @ts-expect-error: the types forbid it; flags may still give it.
  await assert.rejects(openCatalog({ engine: "sqlite" }), {
    name: "UsageError",
    message: 'The catalogue engine is "sqlite", expected wasm or native.',
  });
  await assert.rejects(openCatalog({ memoryLimit: "much" }), {
    name: "UsageError",
    message: 'The memory limit is "much", expected a size such as "4GB".',
  });
  await assert.rejects(openCatalog({ engine: "native", threads: 0 }), {
    name: "UsageError",
    message: "threads is 0, expected a whole number above 0.",
  });
  await assert.rejects(openCatalog({ threads: 2 }), {
    name: "UsageError",
    message: 'threads is 2, but the catalogue engine "wasm" has one thread and no files; expected "native".',
  });
  await assert.rejects(openCatalog({ engine: "native", spillDirectory: "/nowhere" }), {
    name: "UsageError",
    message: 'The spill directory is "/nowhere", expected an existing directory.',
  });
  await using directory = await temporaryDirectory({ "documents.parquet": "no parquet" });
  for (const engine of ENGINES) {
    await assert.rejects(openCatalog({ engine, directory: directory.path }), {
      name: "UsageError",
      message: /documents\.parquet is no valid table of a catalogue/,
    });
  }
});

Deno.test("save() needs a directory", async () => {
  await using catalog = await openCatalog();
  await assert.rejects(catalog.save(), { name: "UsageError", message: /without a directory/ });
});
