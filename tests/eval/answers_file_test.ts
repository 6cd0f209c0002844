import assert from "node:assert/strict";
import { join } from "node:path";
import { UsageError } from "../../lib/core/errors.ts";
import { answersFile } from "../../lib/eval/answers_file.ts";
import type { AnswerRequest } from "../../lib/eval/system.ts";
import { inDirectory } from "../core/temporary.ts";

const { signal } = new AbortController();

function request(id: string, sample: number): AnswerRequest {
  return {
    ...{ task: "gsm8k", id, sample, prompt: { text: "" }, stop: ["Question:"], maxNewTokens: 1, seed: 1 },
    sampling: { temperature: 0 },
  };
}

Deno.test("answersFile() gives the samples of an item in order, cut at stop texts", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "answers.jsonl");
    const lines = [["a", "1"], ["b", "2 Question: x"], ["a", "3"]];
    await Deno.writeTextFile(
      path,
      lines.map(([id, answer]) => JSON.stringify({ task: "gsm8k", id, answer }) + "\n").join(""),
    );
    const system = await answersFile(path);
    const answers = await Array.fromAsync(system.answers([request("a", 1), request("b", 0)], signal));
    assert.deepEqual(answers.map(({ text }) => text), ["3", "2 "]);
    await assert.rejects(
      Array.fromAsync(system.answers([request("b", 1)], signal)),
      (error) =>
        error instanceof UsageError &&
        /has 1 answers to gsm8k, item "b", expected at least 2/.test(error.message),
    );
    await Deno.writeTextFile(path, '{"task":"gsm8k","id":"a"}\n');
    await assert.rejects(
      answersFile(path),
      (error) => error instanceof UsageError && /record 1: field "answer"/.test(error.message),
    );
  }));
