/** grpo, as a person runs it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { saveModel } from "../../lib/model/checkpoint.ts";
import type { ModelConfig } from "../../lib/model/config.ts";
import { initialise } from "../../lib/model/initialise.ts";
import { SMALL_MODEL } from "../backends/small_model.ts";
import { inDirectory, names } from "../core/temporary.ts";
import { runTaskFile } from "./task_file.ts";

const MODEL: ModelConfig = {
  ...SMALL_MODEL,
  vocabularySize: 512,
  width: 32,
  feedForwardWidth: 64,
  maxPositions: 160,
};

Deno.test("grpo trains a model on word problems, and goes on where it stopped", () =>
  inDirectory(async (directory) => {
    await saveModel(join(directory, "model"), MODEL, initialise(MODEL, 1));
    const run = (steps: string, ...flags: string[]) =>
      runTaskFile(
        "grpo",
        directory,
        ...[
          "--model",
          "model",
          "--tokenizer",
          "llama3-512",
          "--out",
          "out",
          "--steps",
          steps,
          "--prompts",
          "2",
        ],
        ...["--generations", "2", "--max-new-tokens", "5", "--questions", "3", ...flags],
      );
    const { code, stdout, stderr } = await run("2", "--json");
    assert.equal(code, 0, stderr);
    const { model, curve } = JSON.parse(stdout);
    assert.deepEqual(curve.map(({ step }: { step: number }) => step), [0, 2]);
    assert.deepEqual(await names(join(directory, model)), ["config.json", "model.safetensors"]);
    assert.deepEqual(await names(join(directory, "out")), [
      "checkpoints",
      "grpo.jsonl",
      "model",
      "samples.jsonl",
    ]);
    // Finished: nothing to do. With other settings: another run.
    assert.deepEqual(JSON.parse((await run("2", "--json")).stdout), { model, curve });
    const other = await run("3");
    assert.equal(other.code, 1);
    assert.match(other.stderr, /belongs to another recipe, data or code .*--restart begins anew/);
    assert.equal((await run("3", "--restart")).code, 0);
  }));

Deno.test("grpo says in one sentence what is wrong", () =>
  inDirectory(async (directory) => {
    await saveModel(join(directory, "model"), MODEL, initialise(MODEL, 1));
    const wrong: [string[], RegExp][] = [
      [["--model", "nothing"], /^nothing has no model, expected a model directory, a stage or a run\.$/],
      [["--model", "model"], /^--max-new-tokens is 512, expected fewer than the model's 160 positions\.$/],
      [["--model", "model", "--generations", "0"], /expected a number above 0/],
      [
        ["--model", "model", "--tokenizer", "llama3-512", "--generations", "1", "--max-new-tokens", "5"],
        /generationsPerPrompt is 1, expected a whole number from 2/,
      ],
      [
        ["--model", "model", "--tokenizer", "llama3-512", "--max-new-tokens", "159"],
        /has no problem of at most 1 tokens/,
      ],
    ];
    for (const [flags, message] of wrong) {
      const { code, stderr } = await runTaskFile("grpo", directory, "--out", "out", ...flags);
      assert.equal(code, 2, stderr);
      assert.match(stderr.trim(), message);
    }
  }));
