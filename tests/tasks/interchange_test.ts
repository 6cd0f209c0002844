import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createWasmBackend } from "../../lib/backends/wasm.ts";
import { loadModel, saveModel } from "../../lib/model/checkpoint.ts";
import type { ModelConfig } from "../../lib/model/config.ts";
import { initialise } from "../../lib/model/initialise.ts";
import { exportModel } from "../../lib/model/interchange.ts";
import { encodeConversation, encodePrompt, type Message } from "../../lib/tokenizer/chat.ts";
import { openTokenizer } from "../../lib/tokenizer/tokenizer.ts";
import { FUNCTIONS, SMALL_MODEL, start } from "../backends/small_model.ts";
import { inDirectory, names } from "../core/temporary.ts";

const FIXTURES = fileURLToPath(new URL("../fixtures/model", import.meta.url));
const TRAINED: ModelConfig = { ...SMALL_MODEL, vocabularySize: 512, maxPositions: 64 };

interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(program: string, args: readonly string[]): Promise<Output> {
  const { code, stdout, stderr } = await new Deno.Command(program, { args: [...args] }).output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

function denoArguments(name: "import" | "export", flags: readonly string[]): string[] {
  const task = fileURLToPath(new URL(`../../tasks/${name}.ts`, import.meta.url));
  return ["run", "-A", "--quiet", task, ...flags];
}

function task(name: "import" | "export", ...flags: string[]): Promise<Output> {
  return run(Deno.execPath(), denoArguments(name, flags));
}

Deno.test("import prints the type, the parameters and what it did", () =>
  inDirectory(async (directory) => {
    const source = join(FIXTURES, "qwen3_untied");
    const first = await task("import", source, "--out", join(directory, "a"));
    assert.equal(first.code, 0, first.stderr);
    assert.match(
      first.stdout,
      /^qwen3, 8,608 parameters: 2 layers of 16, 4 heads \(2 for keys and values\) of 12/,
    );
    assert.match(
      first.stdout,
      /RoPE stretched as in Llama 3\.1\nread 2 files of F16, wrote .*one file of float32/,
    );
    const second = JSON.parse((await task("import", source, "--out", join(directory, "b"), "--json")).stdout);
    assert.equal(second.config.type, "qwen3");
    assert.equal(second.files, 2);
    assert.deepEqual(await loadModel(join(directory, "b")), await loadModel(source));
  }));

Deno.test("export takes the tokenizer that the training stage recorded", () =>
  inDirectory(async (directory) => {
    const model = join(directory, "model");
    await saveModel(model, TRAINED, initialise(TRAINED, 1));
    await Deno.writeTextFile(
      join(directory, "manifest.json"),
      JSON.stringify({ recipe: { tokenizer: "llama3-512" } }),
    );
    const out = join(directory, "out");
    const done = await task("export", model, "--out", out, "--dtype", "bfloat16", "--shard-size", "10KB");
    assert.equal(done.code, 0, done.stderr);
    assert.match(
      done.stdout,
      /out: llama4_text, .* parameters, bfloat16, .* in \d files\nbeside it: chat_template/,
    );
    assert.ok((await names(out)).includes("tokenizer.json"));
  }));

Deno.test("import and export refuse bad usage in one sentence, with exit code 2", async (t) => {
  const tied = join(FIXTURES, "tied");
  const cases: ["import" | "export", string[], RegExp][] = [
    ["import", [tied], /^required option '--out <directory>' not specified/],
    ["import", ["--out", "x"], /^missing required argument 'directory'/],
    ["import", ["nowhere", "--out", "x"], /^nowhere\/config\.json does not exist\.\n$/],
    ["import", [tied, "--out", FIXTURES], /model exists already/],
    ["export", [tied, "--out", "x"], /tied has no tokenizer; name the one/],
    [
      "export",
      [tied, "--out", "x", "--dtype", "int8"],
      /^--dtype is "int8", expected one of float32, bfloat16, float16\.\n$/,
    ],
    [
      "export",
      [tied, "--out", "x", "--shard-size", "5"],
      /^--shard-size is "5", expected a whole number with KB/,
    ],
  ];
  for (const [name, flags, message] of cases) {
    await t.step(`${name} ${flags.slice(-2).join(" ")}`, async () => {
      const { code, stdout, stderr } = await task(name, ...flags);
      assert.deepEqual([code, stdout], [2, ""]);
      assert.match(stderr, message);
      assert.equal(stderr.trimEnd().split("\n").length, 1, stderr);
    });
  }
});

if (Deno.build.os !== "windows") {
  Deno.test("export onto a full disk says so, exits with 1, and leaves nothing", () =>
    inDirectory(async (directory) => {
      const model = join(directory, "model");
      await saveModel(model, TRAINED, initialise(TRAINED, 1));
      // A limit on a file's size fails a write as a full disk does.
      const args = denoArguments("export", [model, "--out", join(directory, "out"), "--tokenizer", "none"]);
      const script = 'trap "" XFSZ; ulimit -f 16; exec "$0" "$@"';
      const { code, stdout, stderr } = await run("bash", ["-c", script, Deno.execPath(), ...args]);
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(stderr, /out could not be written: .*; nothing of it was left\.\n$/);
      assert.deepEqual(await names(directory), ["model"]);
    }));
}

/** Whether Python has transformers: then it is asked itself, beside the goldens in tests/backends. */
const PYTHON = await run("python3", ["-c", "import torch, transformers"]).then(
  ({ code }) => code === 0,
  () => false,
);

if (PYTHON) {
  Deno.test("transformers reads what export writes, and computes the same", () =>
    inDirectory(async (directory) => {
      const tokens = Uint32Array.from({ length: 31 }, (_, i) => i);
      const expected: Float32Array[] = [];
      const exported: string[] = [];
      for (const [i, chosen] of FUNCTIONS.entries()) {
        const config = { ...TRAINED, ...chosen, tiedEmbeddings: i % 4 < 2 };
        const weights = initialise(config, 1);
        const [model, out] = [join(directory, "model"), join(directory, `${i}`)];
        await saveModel(model, config, weights);
        const tokenizer = i === 0 ? "llama3-512" : "none";
        await exportModel(model, out, {
          elements: "float32",
          shardBytes: i % 2 === 0 ? 20_000 : 1e9,
          tokenizer,
        });
        await using backend = await start(await createWasmBackend(config, { workers: 1 }), weights);
        // The check takes the last of 31 tokens, which it predicts from.
        expected.push(await backend.logits({ sequences: 1, length: 31, tokens }, "last"));
        exported.push(out);
      }
      const script = join(FIXTURES, "make.py");
      const { code, stdout, stderr } = await run("python3", [script, "--verify", ...exported]);
      assert.equal(code, 0, stderr);
      const found = stdout.trim().split("\n").map((line) => JSON.parse(line));
      assert.equal(found.length, exported.length);
      for (const [i, { problems, last }] of found.entries()) {
        assert.deepEqual(problems, {}, exported[i]);
        const difference = Math.max(
          ...last.map((logit: number, j: number) => Math.abs(logit - (expected[i]?.[j] ?? NaN))),
        );
        assert.ok(difference < 1e-4, `${exported[i]}: logits differ by ${difference}`);
      }
      await assertSameTokens(found[0]);
    }));
}

/** What a tokenizer of transformers made of make.py's text and conversation. */
async function assertSameTokens(found: Record<string, unknown>): Promise<void> {
  const tokenizer = await openTokenizer("llama3-512");
  const { beginOfText, endOfTurn, endOfText } = tokenizer.special;
  const turns: Message[] = [{ role: "user", content: " 2 + 2? " }, { role: "assistant", content: "4" }];
  assert.deepEqual(found["ids"], [
    beginOfText,
    ...tokenizer.encode("Let x be a prime; naïve 数学 12345\n\n"),
  ]);
  assert.deepEqual(found["special"], [endOfTurn]);
  assert.deepEqual(found["conversation"], [...encodeConversation(turns, tokenizer).tokens]);
  assert.deepEqual(found["prompt"], [...encodePrompt(turns.slice(0, 1), tokenizer)]);
  assert.equal(found["decoded"], "naïve 数学");
  assert.equal(found["vocabulary"], tokenizer.vocabularySize);
  const generation = found["generation"] as Record<string, unknown>;
  assert.deepEqual(
    [generation["bos_token_id"], generation["eos_token_id"]],
    [beginOfText, [endOfText, endOfTurn]],
  );
}
