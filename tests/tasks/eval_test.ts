import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { saveModel } from "../../lib/model/checkpoint.ts";
import { initialise } from "../../lib/model/initialise.ts";
import { SMALL_MODEL } from "../backends/small_model.ts";
import { HUB } from "../benchmarks/fixtures.ts";
import { inDirectory } from "../core/temporary.ts";

/** Runs the task. */
async function run(...flags: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--quiet",
      "--no-check",
      fileURLToPath(new URL("../../tasks/eval.ts", import.meta.url)),
      ...flags,
    ],
  }).output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

Deno.test("eval scores a model by log-likelihood and by what it writes, again without asking, and compares", () =>
  inDirectory(async (directory) => {
    const config = { ...SMALL_MODEL, vocabularySize: 512, headSize: 8, maxPositions: 512 };
    const model = join(directory, "model"), out = join(directory, "out");
    await saveModel(model, config, initialise(config, 1));
    const flags = [
      ...["--model", model, "--tokenizer", "llama3-512", "--data", HUB, "--out", out],
      ...["--tasks", "arc_easy,gsm8k", "--shots", "0", "--max-new-tokens", "4", "--json"],
    ];
    const first = await run(...flags);
    assert.equal(first.code, 0, first.stderr);
    const { scores } = JSON.parse(first.stdout);
    assert.deepEqual(
      scores.map(({ task, questions }: { task: string; questions: number }) => [task, questions]),
      [
        ["arc_easy", 2],
        ["gsm8k", 2],
      ],
    );
    assert.match(first.stderr, /arc_easy: 2\/2 answers/);
    const again = await run(...flags);
    assert.deepEqual([again.code, again.stdout, again.stderr], [0, first.stdout, ""]);
    const { code, stdout } = await run("--compare", out, out, "--json");
    assert.equal(code, 0);
    assert.ok(
      JSON.parse(stdout).every(({ difference, p }: { difference: number; p: number }) =>
        difference === 0 && p === 1
      ),
    );
  }));

Deno.test("eval scores a file of answers", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "answers.jsonl");
    const answers = [["test:1", "She has \\boxed{7}."], [
      "test:2",
      "A hundred books cost 100 times 12, which makes 1200 dollars.",
    ]];
    await Deno.writeTextFile(
      path,
      answers.map(([id, answer]) => JSON.stringify({ task: "gsm8k", id, answer }) + "\n").join(""),
    );
    const { code, stdout, stderr } = await run(
      ...[
        "--answers",
        path,
        "--data",
        HUB,
        "--tasks",
        "gsm8k",
        "--mode",
        "chat",
        "--out",
        directory,
        "--json",
      ],
    );
    assert.equal(code, 0, stderr);
    assert.equal(JSON.parse(stdout).scores[0].scores[0].value, 1);
  }));

Deno.test("eval refuses bad flags in one sentence, with exit code 2", async (t) => {
  const cases: [string[], RegExp][] = [
    [["--tasks", "arc"], /^eval: --tasks and --data are needed/],
    [
      ["--tasks", "arc", "--data", HUB],
      /^Benchmark "arc" is unknown, expected one of minerva_math500, gsm8k/,
    ],
    [["--tasks", "gsm8k", "--data", HUB], /^eval: nothing to evaluate/],
    [["--tasks", "gsm8k", "--data", HUB, "--model", "/nowhere"], /does not say which tokenizer/],
    [["--compare", "one"], /^--compare got 1 directories, expected 2/],
    [["--shots", "-1"], /expected a whole number from 0/],
    [["--mode", "sing"], /expected one of completion, chat, perplexity/],
  ];
  for (const [flags, message] of cases) {
    await t.step(flags.join(" "), async () => {
      const { code, stderr } = await run(...flags);
      assert.equal(code, 2);
      assert.match(stderr, message);
      assert.equal(stderr.trim().split("\n").length, 1);
    });
  }
});
