import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import { fileURLToPath } from "node:url";
import { openCatalog } from "../../lib/catalog/catalog.ts";
import { temporaryDirectory } from "../sources/temporary_directory.ts";

const TASK = fileURLToPath(new URL("../../tasks/corpus.ts", import.meta.url));
const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));

async function corpus(args: string[], cwd?: string): Promise<{ code: number; out: string; error: string }> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--config", CONFIG, TASK, ...args],
    env: { NO_COLOR: "1" },
    ...(cwd === undefined ? {} : { cwd }),
  });
  const { code, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  // Deno itself may warn of a package's missing entry point.
  const error = decoder.decode(stderr).split("\n").filter((line) => !line.startsWith("Warning")).join("\n");
  return { code, out: decoder.decode(stdout), error: error.trim() };
}

const text = (i: number) => `The number ${i} is followed by the number ${i + 1}, and so on.`;
const jsonl = Array.from(
  { length: 20 },
  (_, i) => JSON.stringify({ text: text(i % 19), license: "MIT" }) + "\n",
).join("");

Deno.test("corpus --query prints a table, or JSON", async () => {
  const sql =
    "SELECT dataset, phase1_percent FROM paper_pretrain_mix WHERE phase1_percent > 10 ORDER BY dataset";
  const expected = "dataset      phase1_percent\nFineWeb-Edu           63.75\nStarCoder             10.66\n";
  assert.equal((await corpus(["--query", sql])).out, expected);
  assert.equal((await corpus(["--query", sql, "--engine", "native"])).out, expected);
  const { out } = await corpus(["--json", "--query", "SELECT 9007199254740993 AS big, 1 AS one"]);
  assert.deepEqual(JSON.parse(out), { rows: [{ big: "9007199254740993", one: 1 }] });
});

Deno.test("corpus --run adds a run's catalogue, and names one that is not there", async () => {
  await using directory = await temporaryDirectory();
  {
    await using catalog = await openCatalog({ directory: `${directory.path}/runs/a/catalog` });
    await catalog.insert("sources", [{ source: "three", domain: "code", documents: 3, tokens: 12 }]);
    await catalog.save();
  }
  const sql = "SELECT source, tokens FROM sources WHERE tokens IS NOT NULL";
  const { out } = await corpus(["--run", "a", "--query", sql], directory.path);
  assert.equal(out, "source  tokens\nthree       12\n");
  const { code, error } = await corpus(["--run", "b"], directory.path);
  assert.deepEqual([code, error], [2, '--run is "b", but runs/b/catalog does not exist.']);
});

Deno.test("corpus --path profiles a JSONL file, a parquet file and a folder alike", async () => {
  const texts = Array.from({ length: 20 }, (_, i) => text(i % 19));
  await using directory = await temporaryDirectory({
    "a.jsonl.gz": gzipSync(jsonl),
    "b.parquet": new Uint8Array(
      parquetWriteBuffer({ columnData: [{ name: "body", data: texts, type: "STRING" }] }),
    ),
    "folder/c.md": text(0),
    "folder/d.md": text(0),
    "folder/e.png": "",
  });
  const profile = async (...args: string[]) => {
    const { code, out } = await corpus(["--json", "--path", ...args], directory.path);
    assert.equal(code, 0);
    return JSON.parse(out);
  };
  const a = await profile("a.jsonl.gz");
  assert.deepEqual([a.source, a.documents, a.duplicates], ["a.jsonl.gz", 20, 1]);
  assert.deepEqual([a.languages, a.licences], [{ en: 20 }, { MIT: 20 }]);
  assert.ok(a.tokens > 200 && a.tokensPerSecond > 0 && a.tokenizerTokensPerSecond > a.tokensPerSecond);
  const b = await profile("b.parquet", "--text-field", "body");
  assert.deepEqual([b.documents, b.duplicates, b.tokens, b.characters], [20, 1, a.tokens, a.characters]);
  const folder = await profile("folder");
  assert.deepEqual([folder.documents, folder.duplicates, folder.skippedFiles], [2, 1, 1]);
});

Deno.test("corpus --path --query asks about someone's own documents, natively within limits", async () => {
  await using directory = await temporaryDirectory({
    "a.jsonl": jsonl,
    "spilled/.keep": "",
  });
  const sql =
    "SELECT count(*) AS documents, count(DISTINCT id) AS texts, sum(characters)::BIGINT AS characters, " +
    "min(licence) AS licence, min(language) AS language, sum(tokens) > 200 AS tokens FROM documents WHERE source = 'a.jsonl'";
  const asked = ["--json", "--path", "a.jsonl", "--query", sql];
  const characters = Array.from({ length: 20 }, (_, i) => text(i % 19).length).reduce((a, b) => a + b);
  const expected = [{ documents: 20, texts: 19, characters, licence: "MIT", language: "en", tokens: true }];
  for (const engine of [[], ["--engine", "native", "--memory", "100MB", "--spill", "spilled"]]) {
    const { out, error } = await corpus([...asked, ...engine], directory.path);
    assert.deepEqual(JSON.parse(out || error).rows, expected);
  }
  assert.equal((await Array.fromAsync(Deno.readDir(`${directory.path}/spilled`))).length, 1);
});

Deno.test("corpus --source shows a source and its first documents", async () => {
  const { out } = await corpus(["--source", "moby-dick"]);
  assert.match(out, /^source +moby-dick\ndocuments +136\n/);
  assert.match(out, /── CHAPTER 1\. Loomings\.\n.*Call me Ishmael\./s);
});

Deno.test("corpus answers bad input with one sentence and exit code 2", async (t) => {
  await using directory = await temporaryDirectory({
    "broken.jsonl": '{"text": "a"}\n{"text": "b"}\n{"text": \n',
    "truncated.jsonl.gz": gzipSync(jsonl.repeat(50)).subarray(0, 200),
    "numbers.parquet": new Uint8Array(
      parquetWriteBuffer({ columnData: [{ name: "number", data: [1], type: "INT32" }] }),
    ),
    "empty.jsonl": "",
    "nothing/image.png": "",
  });
  const cases: [args: string[], error: RegExp][] = [
    [["--path", "missing.jsonl"], /^missing\.jsonl does not exist\.$/],
    [["--wrong"], /^unknown option '--wrong' \(see --help\)$/],
    [["--engine", "sqlite"], /'sqlite' is invalid\. Allowed choices are wasm, native\. \(see --help\)$/],
    [["--path", ".", "--run", "a"], /'--run <name>' cannot be used with option '--path <path>'/],
    [
      ["--path", ".", "--engine", "native"],
      /^--engine and --memory need --query: a profile asks no database\.$/,
    ],
    [["--path", ".", "--spill", "."], /^--spill needs --engine native\.$/],
    [["--memory", "much"], /^The memory limit is "much", expected a size such as "4GB"\.$/],
    [
      ["--engine", "native", "--spill", "nowhere"],
      /^The spill directory is "nowhere", expected an existing directory\.$/,
    ],
    [["--text-field", "text"], /^--text-field needs --path\.$/],
    [["--query", "SELEC 1"], /^Parser Error: .*SELEC/],
    [["--source", "four"], /^source "four" does not exist, expected a file or one of .*three/],
    [["--path", "broken.jsonl"], /^broken\.jsonl, line 3: the line is no valid JSON/],
    [["--path", "truncated.jsonl.gz"], /^truncated\.jsonl\.gz is truncated or no gzip: .+\.$/],
    [["--path", "numbers.parquet"], /^numbers\.parquet has no text column .*it has "number" \(INT32\)\.$/],
    [["--path", "empty.jsonl"], /^Source "empty\.jsonl" is empty: empty\.jsonl gave no documents\.$/],
    [["--path", "nothing"], /^Source "nothing" is empty/],
  ];
  for (const [args, expected] of cases) {
    await t.step(args.join(" "), async () => {
      const before = await Array.fromAsync(Deno.readDir(directory.path));
      const { code, out, error } = await corpus(args, directory.path);
      assert.match(error, expected);
      assert.equal(error.split("\n").length, 1, error);
      assert.deepEqual([code, out], [2, ""]);
      assert.deepEqual(await Array.fromAsync(Deno.readDir(directory.path)), before);
    });
  }
});
