import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { answerOf, startServer } from "../curation/stub_server.ts";
import { uniqueWords } from "../curation/documents.ts";
import { temporaryDirectory } from "../sources/temporary_directory.ts";

async function curate(...flags: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--quiet",
      fileURLToPath(new URL("../../tasks/curate.ts", import.meta.url)),
      ...flags,
    ],
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
  const flags = [
    ...["--source", path("letters.json"), "--source", path("proofs.json")],
    ...["--out", path("out"), "--judge", server.baseUrl, "--judge-model", "stub"],
    ...["--benchmark", `bridges=${path("bridges.jsonl")}`, "--json"],
  ];
  const estimate = await curate(...flags, "--estimate", "--input-price", "1");
  assert.equal(estimate.code, 0, estimate.stderr);
  assert.equal(JSON.parse(estimate.stdout).requests, 101);
  assert.equal(server.requests.length, 0);

  const { code, stdout, stderr } = await curate(...flags);
  assert.equal(code, 0, stderr);
  assert.match(
    stderr,
    /education: Logistic regression [0-9a-f]{16} on weak labels by source .* held-out accuracy/,
  );
  const { funnel, probing, representatives } = JSON.parse(stdout);
  const proofs = funnel.filter((row: { source: string }) => row.source === "proofs");
  assert.equal(proofs[0].documents, 61);
  assert.equal(probing.code + probing.knowledge, 0);
  // The best of the proofs has the benchmark's question, and it alone passed both judges.
  const byStep = Object.fromEntries(
    proofs.map((row: { step: string; documents: number }) => [row.step, row.documents]),
  );
  assert.deepEqual([byStep["domain"], byStep["contamination"], probing.math], [1, 0, 0]);
  assert.ok((await Deno.readTextFile(representatives)).split("\n").filter(Boolean).length > 0);

  const asked = server.requests.length;
  const again = await curate(...flags);
  assert.equal(again.code, 0, again.stderr);
  assert.equal(server.requests.length, asked);
  const untimed = (output: string) => output.replace(/"seconds":[^,]+/g, "");
  assert.equal(untimed(again.stdout), untimed(stdout));
});

Deno.test("curate refuses bad flags in one sentence, with exit code 2", async () => {
  await using directory = await temporaryDirectory(FILES);
  const needed = [
    "--out",
    `${directory.path}/out`,
    "--judge",
    "http://127.0.0.1:1/v1",
    "--judge-model",
    "stub",
  ];
  const letters = ["--source", `${directory.path}/letters.json`];
  const cases: [string[], RegExp][] = [
    [["--out", "x"], /^required option '--judge .*' not specified/],
    [needed, /^--source is missing, expected at least one\.\n$/],
    [
      [...needed, "--source", "nowhere"],
      /^source "nowhere" does not exist, expected a file or one of .*three/,
    ],
    [[...needed, ...letters, ...letters], /^--source names "letters" twice\.\n$/],
    [[...needed, ...letters, "--benchmark", "x"], /^--benchmark is "x", expected NAME=FILE\.\n$/],
    [[...needed, ...letters, "--documents", "0"], /'0' is invalid.*expected a whole number above 0/],
    [[...needed, ...letters], /^Weak labels .* have label 1, expected some of each class\.\n$/],
  ];
  await Promise.all(cases.map(async ([flags, message]) => {
    const { code, stderr } = await curate(...flags);
    assert.equal(code, 2, stderr);
    assert.match(stderr.replace(/^reading: .*\n/gm, ""), message);
  }));
});
