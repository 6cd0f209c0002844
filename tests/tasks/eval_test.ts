import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { saveModel } from "../../lib/model/checkpoint.ts";
import type { TaskScores } from "../../lib/eval/results.ts";
import { initialise } from "../../lib/model/initialise.ts";
import { quantiseModel } from "../../lib/model/quantise.ts";
import { saveQuantisedModel } from "../../lib/model/quantised_checkpoint.ts";
import { openTokenizer } from "../../lib/tokenizer/tokenizer.ts";
import { SMALL_MODEL } from "../backends/small_model.ts";
import { HUB } from "../benchmarks/fixtures.ts";
import { inDirectory } from "../core/temporary.ts";
import { shardsOf } from "../shards/support.ts";

const TASK = fileURLToPath(new URL("../../tasks/eval.ts", import.meta.url));

/** Runs the task. */
async function run(...flags: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--no-check", TASK, ...flags],
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

Deno.test("eval measures the perplexity of probing sets, of a packed model too", () =>
  inDirectory(async (directory) => {
    const config = { ...SMALL_MODEL, vocabularySize: 512, width: 32, feedForwardWidth: 32, maxPositions: 64 };
    const model = join(directory, "model"), probes = join(directory, "probe");
    const settings = { group: 32, embeddingGroup: 32, activationBits: 8 } as const;
    const packed = quantiseModel({ config, weights: initialise(config, 1) }, settings);
    await saveQuantisedModel(model, packed, { tokenizer: "llama3-512" });
    const tokenizer = await openTokenizer("llama3-512");
    for (const source of ["notes", "letters"]) {
      (await shardsOf(probes, source, ["A short text.", `${source} `.repeat(200)], { tokenizer }))
        [Symbol.dispose]();
    }
    const { code, stdout, stderr } = await run(
      ...["--model", model, "--mode", "perplexity", "--probes", probes, "--window", "64"],
      ...["--out", directory, "--json"],
    );
    assert.equal(code, 0, stderr);
    const { scores } = JSON.parse(stdout) as { scores: TaskScores[] };
    assert.deepEqual(scores.map(({ task, questions }) => [task, questions]), [
      ["probe_letters_perplexity", 2],
      ["probe_notes_perplexity", 2],
    ]);
    assert.ok(scores.every(({ scores: [score] }) => score?.metric === "perplexity" && score.value > 1));
  }));

Deno.test("eval asks a server, and after kill -9 only for what is missing", () =>
  inDirectory(async (directory) => {
    let asked = 0;
    const half = Promise.withResolvers<void>();
    await using server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      async (request) => {
        const { seed } = await request.json();
        if (++asked === 40) half.resolve();
        await new Promise((resolve) => setTimeout(resolve, 50));
        const message = { content: `\\boxed{${seed % 8}}` };
        return Response.json({ choices: [{ message, finish_reason: "stop" }] });
      },
    );
    const flags = (out: string) => [
      ...["--server", `http://127.0.0.1:${server.addr.port}/v1`, "--model", "stub", "--data", HUB],
      ...["--tasks", "gsm8k", "--mode", "chat", "--samples", "60", "--out", join(directory, out), "--json"],
    ];
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", "--no-check", TASK, ...flags("killed")],
      stdout: "null",
      stderr: "null",
    }).spawn();
    await half.promise;
    child.kill("SIGKILL");
    await child.status;
    const before = asked;
    assert.ok(before < 120, "it was killed too late");
    const resumed = await run(...flags("killed"));
    assert.equal(resumed.code, 0, resumed.stderr);
    assert.ok(asked - before < 120, "nothing was kept");
    const whole = await run(...flags("whole"));
    const { scores, model } = JSON.parse(resumed.stdout);
    assert.match(model, /stub/);
    assert.deepEqual(scores, JSON.parse(whole.stdout).scores);
    const samples = (out: string) => Deno.readTextFile(join(directory, out, "samples_gsm8k.jsonl"));
    assert.equal(await samples("killed"), await samples("whole"));
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
      ...["--answers", path, "--data", HUB, "--tasks", "gsm8k", "--mode", "chat"],
      ...["--out", directory, "--json"],
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
    [["--tasks", "gsm8k", "--data", HUB, "--model", "/nowhere"], /^\/nowhere has no model/],
    [["--probes", "/nowhere", "--model", "m"], /^--probes goes with --mode perplexity, not with completion/],
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
