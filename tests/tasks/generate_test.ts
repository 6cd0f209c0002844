/** generate and quantize, as a person runs them. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { saveModel } from "../../lib/model/checkpoint.ts";
import type { ModelConfig } from "../../lib/model/config.ts";
import { initialise } from "../../lib/model/initialise.ts";
import { SMALL_MODEL } from "../backends/small_model.ts";
import { inDirectory, names } from "../core/temporary.ts";

const MODEL: ModelConfig = {
  ...SMALL_MODEL,
  vocabularySize: 512,
  width: 32,
  feedForwardWidth: 64,
  maxPositions: 64,
};

async function task(name: "generate" | "quantize", ...flags: string[]) {
  const path = fileURLToPath(new URL(`../../tasks/${name}.ts`, import.meta.url));
  const args = ["run", "-A", "--quiet", "--no-check", path, ...flags];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

/** A run with one trained stage. */
async function writeRun(directory: string) {
  const stage = join(directory, "pretrain-2");
  await saveModel(join(stage, "model"), MODEL, initialise(MODEL, 1));
  await Deno.writeTextFile(
    join(stage, "manifest.json"),
    JSON.stringify({ recipe: { tokenizer: "llama3-512" } }),
  );
}

Deno.test("quantize packs a run's last model, and generate goes on from a prompt with either, the same twice", () =>
  inDirectory(async (directory) => {
    const run = join(directory, "run"), packed = join(directory, "packed");
    await writeRun(run);
    const text = join(directory, "text.txt");
    await Deno.writeTextFile(text, "Let x be a prime, and y another one.");
    const quantised = await task("quantize", run, "--to", packed, "--text", text, "--json");
    assert.equal(quantised.code, 0, quantised.stderr);
    const { bytes, perplexity } = JSON.parse(quantised.stdout);
    assert.ok(bytes.float32 / bytes.packed > 6 && bytes.float32 / bytes.packed < 8);
    assert.ok(Math.abs(perplexity.after / perplexity.before - 1) < 0.2);
    assert.ok(perplexity.tokens > 10);
    assert.deepEqual(await names(packed), ["quantised.safetensors"]);

    for (const model of [run, packed]) {
      const flags = [
        "--model",
        model,
        "--prompt",
        "Let x",
        "--max-new-tokens",
        "8",
        "--backend",
        "wasm",
        "--samples",
        "2",
      ];
      const first = await task("generate", ...flags, "--json");
      assert.equal(first.code, 0, first.stderr);
      const { samples, backend, promptTokens } = JSON.parse(first.stdout);
      assert.equal(samples.length, 2);
      assert.ok(samples.every(({ tokens }: { tokens: number }) => tokens <= 8));
      assert.match(backend, model === run ? /float32 weights/ : /4-bit weights, 8-bit activations/);
      assert.ok(promptTokens > 2);
      const again = JSON.parse((await task("generate", ...flags, "--json")).stdout);
      assert.deepEqual(again.samples, samples);
    }
    const live = await task(
      "generate",
      "--model",
      run,
      "--prompt",
      "Let x",
      "--chat",
      "--max-new-tokens",
      "5",
      "--backend",
      "wasm",
      "--temperature",
      "0",
    );
    assert.equal(live.code, 0, live.stderr);
    assert.match(live.stdout, /\n$/);
    assert.match(live.stderr, /5 tokens in/);
  }));

Deno.test("generate and quantize refuse what they cannot use, with exit code 2, and leave nothing", () =>
  inDirectory(async (directory) => {
    const run = join(directory, "run");
    await writeRun(run);
    const none = join(directory, "none");
    const cases: [Parameters<typeof task>, RegExp][] = [
      [
        ["generate", "--model", none, "--prompt", "x"],
        /none has no model, expected a model directory, a stage or a run\.\n$/,
      ],
      [
        ["generate", "--model", run, "--prompt", "x", "--backend", "gpu"],
        /^--backend is "gpu", expected one of auto, wasm, webgpu/,
      ],
      [
        ["generate", "--model", run, "--prompt", "x", "--tokenizer", "llama3-600"],
        /has 600 ids, the model 512/,
      ],
      [
        ["generate", "--model", run, "--prompt", "long ".repeat(99)],
        /^--prompt has \d+ tokens, expected fewer than the model's 64/,
      ],
      [
        ["quantize", run, "--to", none, "--group", "128"],
        /group is 128, expected an even divisor of its 32 columns/,
      ],
      [["quantize", run, "--to", run], /exists already/],
      [["quantize", run, "--to", none, "--text", join(directory, "t")], /does not exist/],
      [["quantize", "--to", none], /missing required argument 'model'/],
    ];
    for (const [flags, message] of cases) {
      const { code, stdout, stderr } = await task(...flags);
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
      assert.equal(stdout, "");
    }
    assert.deepEqual(await names(directory), ["run"]);
  }));
