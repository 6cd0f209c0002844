import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { answerOf, startServer } from "../curation/stub_server.ts";
import { uniqueWords } from "../curation/documents.ts";
import { temporaryDirectory } from "../sources/temporary_directory.ts";

/** Runs the task in a directory, with settings on top of the demo's recipe. */
async function curate(
  cwd: string,
  settings: Readonly<Record<string, unknown>>,
  ...flags: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  const set = Object.entries(settings).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--quiet",
      fileURLToPath(new URL("../../tasks/curate.ts", import.meta.url)),
      ...flags,
      "--set",
      ...set,
    ],
    cwd,
  }).output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

/** A source of JSONL: its specification and its texts. */
function source(name: string, domain: string, texts: readonly string[]): Record<string, string> {
  const reader = { kind: "jsonl", path: `${name}.jsonl` };
  return {
    [`${name}.json`]: JSON.stringify({ name, domain, licence: "MIT", description: "", reader }),
    [`${name}.jsonl`]: texts.map((text) => JSON.stringify({ text }) + "\n").join(""),
  };
}

const QUESTION = "how many of the seven bridges can one cross once and come back home again";

const FILES = {
  ...source(
    "letters",
    "mail",
    Array.from({ length: 40 }, (_, i) => `offer sale buy ${uniqueWords(i, 20).join(" ")}`),
  ),
  ...source("proofs", "math", [
    ...Array.from(
      { length: 60 },
      (_, i) => `theorem lemma proof value ${i} ${uniqueWords(100 + i, 20).join(" ")}`,
    ),
    `theorem lemma proof value 99 ${QUESTION} ${uniqueWords(200, 20).join(" ")}`,
  ]),
  "bridges.jsonl": JSON.stringify({ question: QUESTION }) + "\n",
};

Deno.test("curate samples sources with a judge, and goes on from its own scores", async () => {
  await using directory = await temporaryDirectory(FILES);
  const path = (name: string) => `${directory.path}/${name}`;
  // The judge likes high values.
  await using server = startServer(({ content }) => {
    const value = Number(/value (\d+)/.exec(content)?.[1] ?? 0) / 100;
    return answerOf({ "1": value, "0": 1 - value });
  });
  const settings = {
    "sources": [path("letters.json"), path("proofs.json")],
    "curation.judge.address": server.baseUrl,
    "curation.judge.model": "stub",
    "curation.benchmarks": { bridges: path("bridges.jsonl") },
    "curation.topShare": 0.1,
  };
  const estimate = await curate(directory.path, settings, "--estimate", "--input-price", "1", "--json");
  assert.equal(estimate.code, 0, estimate.stderr);
  assert.equal(JSON.parse(estimate.stdout).requests, 101);
  assert.equal(server.requests.length, 0);

  const { code, stdout, stderr } = await curate(directory.path, settings, "--json");
  assert.equal(code, 0, stderr);
  const { funnel, scorers, probing, representatives } = JSON.parse(stdout);
  assert.match(
    scorers.education,
    /^Logistic regression [0-9a-f]{16} on weak labels by source .* held-out accuracy/,
  );
  const proofs = funnel.filter((row: { source: string }) => row.source === "proofs");
  assert.equal(proofs[0].documents, 61);
  assert.equal(probing.code + probing.knowledge, 0);
  // The best of the proofs has the benchmark's question, and it alone passed both judges.
  const byStep = Object.fromEntries(
    proofs.map((row: { step: string; documents: number }) => [row.step, row.documents]),
  );
  assert.deepEqual([byStep["domain"], byStep["contamination"], probing.math], [1, 0, 0]);
  assert.ok((await Deno.readTextFile(path(representatives))).split("\n").filter(Boolean).length > 0);

  const asked = server.requests.length;
  const again = await curate(directory.path, settings, "--json");
  assert.equal(again.code, 0, again.stderr);
  assert.equal(server.requests.length, asked);
  assert.equal(again.stdout, stdout);
});

Deno.test("curate refuses bad settings in one sentence, with exit code 2", async () => {
  await using directory = await temporaryDirectory(FILES);
  const letters = `${directory.path}/letters.json`;
  const judge = { "curation.judge.address": "http://127.0.0.1:1/v1", "curation.judge.model": "stub" };
  const cases: [Record<string, unknown>, RegExp][] = [
    [{ sources: [] }, /sources is \[\]: /],
    [{ sources: ["nowhere"] }, /^source "nowhere" does not exist, expected a file or one of .*three/],
    [{ sources: [letters, letters] }, /^The recipe's sources name "letters" twice\.\n$/],
    [{ "curation.topShare": 0 }, /curation\.topShare is 0: /],
    [{ "curation.documentsPerSource": 0 }, /curation\.documentsPerSource is 0: /],
    [{ "catalogue.memory": "much" }, /catalogue\.memory is "much": expected a size such as "4GB"\.\n$/],
    [
      { "catalogue.spill": "." },
      /catalogue\.spill is "\.": the engine "wasm" has no files, expected null\.\n$/,
    ],
    [
      { "catalogue.engine": "native", "catalogue.spill": "/nowhere" },
      /The spill directory is "\/nowhere", expected an existing directory\.\n$/,
    ],
    [{ sources: [letters], ...judge }, /Weak labels .* have label 1, expected some of each class\.\n$/],
  ];
  for (const [settings, message] of cases) {
    const { code, stderr } = await curate(directory.path, settings, "--run", "bad");
    assert.equal(code, 2, stderr);
    assert.match(stderr, message);
  }
});

Deno.test("curate has the same digest in whatever order a judge's answers come", async () => {
  await using sources = await temporaryDirectory(FILES);
  let run = 0;
  await using server = startServer(async ({ content }) => {
    // Early documents are late in the first run, late ones in the second.
    const value = Number(/value (\d+)/.exec(content)?.[1] ?? 0);
    await new Promise((resolve) => setTimeout(resolve, (run === 0 ? 100 - value : value) % 13));
    return answerOf({ "1": value / 100, "0": 1 - value / 100 });
  });
  const settings = {
    "sources": ["letters.json", "proofs.json"].map((name) => `${sources.path}/${name}`),
    "curation.judge.address": server.baseUrl,
    "curation.judge.model": "stub",
  };
  const digests: string[] = [];
  for (; run < 2; run++) {
    await using directory = await temporaryDirectory();
    const { code, stderr } = await curate(directory.path, settings);
    assert.equal(code, 0, stderr);
    const manifest = await Deno.readTextFile(`${directory.path}/runs/demo/curation/manifest.json`);
    digests.push(JSON.parse(manifest).digest);
  }
  assert.equal(digests[0], digests[1]);
});

Deno.test("curate makes the same files with either engine, and nothing depends on which it was", async () => {
  await using directory = await temporaryDirectory({
    ...FILES,
    // Copies of letters, of which the judge likes the later ones better.
    ...source(
      "copies",
      "mail",
      Array.from({ length: 30 }, (_, i) => `offer sale buy ${uniqueWords(i, 20).join(" ")}, value ${i} `),
    ),
    "wasm/.keep": "",
    "native/.keep": "",
    "spilled/.keep": "",
  });
  const { path } = directory;
  await using server = startServer(({ content }) => {
    const value = Number(/value (\d+)/.exec(content)?.[1] ?? 0) / 100;
    return answerOf({ "1": value, "0": 1 - value });
  });
  const settings = {
    "sources": ["letters.json", "copies.json", "proofs.json"].map((name) => `${path}/${name}`),
    "curation.judge.address": server.baseUrl,
    "curation.judge.model": "stub",
    "curation.topShare": 1,
  };
  const engines = {
    wasm: {},
    native: {
      "catalogue.engine": "native",
      "catalogue.memory": "200MB",
      "catalogue.spill": `${path}/spilled`,
    },
  };
  const manifests = [];
  for (const [engine, own] of Object.entries(engines)) {
    const { code, stderr } = await curate(`${path}/${engine}`, { ...settings, ...own });
    assert.equal(code, 0, stderr);
    const stage = `${path}/${engine}/runs/demo/curation`;
    const { digest, fingerprint, outputs, result: { funnel } } = JSON.parse(
      await Deno.readTextFile(`${stage}/manifest.json`),
    );
    const files = outputs.filter(({ path }: { path: string }) => !path.endsWith("funnel.parquet"));
    const left = funnel.map(({ seconds: _, ...row }: { seconds: number }) => row);
    manifests.push({ digest, fingerprint, files, left });
  }
  const [wasm, native] = manifests;
  assert.deepEqual(native, wasm);
  const dropped = (step: string) =>
    wasm?.left.find((row: Record<string, unknown>) => row["source"] === "letters" && row["step"] === step)
      .documents;
  assert.ok(dropped("near-duplicates") < dropped("exact duplicates"), "there were near-duplicates");
  assert.deepEqual((await Array.fromAsync(Deno.readDir(`${path}/spilled`))).map(({ name }) => name), [
    ".keep",
  ]);
});
