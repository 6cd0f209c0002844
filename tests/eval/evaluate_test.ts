import assert from "node:assert/strict";
import { join } from "node:path";
import { readExamples, readItems } from "../../lib/benchmarks/read.ts";
import { GSM8K } from "../../lib/benchmarks/gsm8k.ts";
import { MMLU } from "../../lib/benchmarks/mmlu.ts";
import { PIQA } from "../../lib/benchmarks/piqa.ts";
import { Sandboxes } from "../../lib/benchmarks/sandboxes.ts";
import { UsageError } from "../../lib/core/errors.ts";
import { evaluate } from "../../lib/eval/evaluate.ts";
import { multipleChoice } from "../../lib/eval/multiple_choice.ts";
import type { Protocol } from "../../lib/eval/protocol.ts";
import { writeResults } from "../../lib/eval/results.ts";
import type { AnswerRequest } from "../../lib/eval/system.ts";
import { writtenAnswers } from "../../lib/eval/written_answers.ts";
import { HUB } from "../benchmarks/fixtures.ts";
import { inDirectory } from "../core/temporary.ts";
import { stubSystem } from "./stub_system.ts";

const { signal } = new AbortController();

/** GSM8K's two questions; says what was asked. */
async function gsm8k(
  asked: AnswerRequest[],
  { samples = 1, shots = 1, answer = () => "#### 7" }: {
    samples?: number;
    shots?: number;
    answer?: (request: AnswerRequest) => string;
  } = {},
): Promise<Protocol> {
  const system = stubSystem({
    answer: (request) => {
      const text = answer(request);
      asked.push(request);
      return text;
    },
  });
  const [items, examples] = [await readItems(GSM8K, HUB), await readExamples(GSM8K, HUB, shots)];
  const settings = { style: "completion", shots, samples, seed: 1 } as const;
  return writtenAnswers(GSM8K, items, examples, settings, system, new Sandboxes());
}

Deno.test("evaluate() asks with examples and grades", () =>
  inDirectory(async (directory) => {
    const asked: AnswerRequest[] = [];
    const { samples } = await evaluate(await gsm8k(asked), "stub", directory, signal);
    assert.deepEqual(samples.map(({ id, filtered, metrics }) => [id, filtered, metrics]), [
      ["test:1", "7", { exact_match: 1 }],
      ["test:2", "7", { exact_match: 0 }],
    ]);
    assert.deepEqual(asked.map(({ prompt }) => prompt)[0], {
      text: "Question: What is 1+1?\nAnswer: It is <<1+1=2>>2.\n#### 2\n\n" +
        "Question: Ina has 3 pens and buys 4. How many has she?\nAnswer:",
    });
  }));

Deno.test("evaluate() keeps answers over a failure and asks only for what is missing", () =>
  inDirectory(async (directory) => {
    const asked: AnswerRequest[] = [];
    const failing = await gsm8k(asked, {
      samples: 3,
      answer: ({ id, sample }) => {
        if (id === "test:2" && sample === 1) throw new UsageError("killed");
        return "7";
      },
    });
    await assert.rejects(evaluate(failing, "stub", directory, signal), /killed/);
    const before = asked.length;
    assert.ok(before >= 3);
    // What a crash cut short does not count.
    const [log] = await Array.fromAsync(Deno.readDir(join(directory, "answers")));
    await Deno.writeTextFile(join(directory, "answers", log?.name ?? ""), '{"id":"test:2","sam', {
      append: true,
    });
    const { samples, kept } = await evaluate(await gsm8k(asked, { samples: 3 }), "stub", directory, signal);
    assert.equal(asked.length - before, 6 - kept);
    assert.ok(kept > 0);
    assert.deepEqual(samples.map(({ id, sample }) => `${id} ${sample}`), [
      ...["test:1 0", "test:1 1", "test:1 2", "test:2 0", "test:2 1", "test:2 2"],
    ]);
    // More samples ask for the new ones; another system, or other examples, for all.
    const again = async (system: string, options: Parameters<typeof gsm8k>[1]) => {
      const start = asked.length;
      await evaluate(await gsm8k(asked, options), system, directory, signal);
      return asked.length - start;
    };
    assert.equal(await again("stub", { samples: 4 }), 2);
    assert.equal(await again("other", { samples: 1 }), 2);
    assert.equal(await again("stub", { samples: 1, shots: 2 }), 2);
    assert.equal(await again("stub", { samples: 1 }), 0);
  }));

Deno.test("evaluate() fails with the grader, and keeps what was graded before", () =>
  inDirectory(async (directory) => {
    const asked: AnswerRequest[] = [];
    const items = await readItems(GSM8K, HUB);
    const broken = items.map((item) => ({
      ...item,
      grade: (answer: string) =>
        item.id === "test:2"
          ? Promise.reject(new UsageError("no grader"))
          : item.grade(answer, "completion", new Sandboxes()),
    }));
    const settings = { style: "completion", shots: 1, seed: 1 } as const;
    const examples = await readExamples(GSM8K, HUB, 1);
    const protocol = writtenAnswers(GSM8K, broken, examples, settings, stubSystem({}), new Sandboxes());
    await assert.rejects(evaluate(protocol, "stub", directory, signal), /no grader/);
    const { kept } = await evaluate(await gsm8k(asked), "stub", directory, signal);
    assert.equal(kept, 1);
  }));

Deno.test("evaluate() gives every sample a seed of its own", () =>
  inDirectory(async (directory) => {
    const asked: AnswerRequest[] = [];
    await evaluate(await gsm8k(asked, { samples: 4 }), "stub", directory, signal);
    assert.equal(new Set(asked.map(({ seed }) => seed)).size, 8);
  }));

Deno.test("writeResults() lists a question's answers under its one request, and what was found in each", () =>
  inDirectory(async (directory) => {
    const answers = ["It is\n#### 7", "\\boxed{8}", "\\boxed{7}"];
    const answer = ({ sample }: AnswerRequest) => answers[sample] ?? "";
    const evaluation = await evaluate(
      await gsm8k([], { samples: 3, answer }),
      "stub",
      directory,
      signal,
    );
    await writeResults(directory, [evaluation], { model: "stub", limit: null, seed: 1 });
    const text = await Deno.readTextFile(join(directory, "samples_gsm8k.jsonl"));
    const { resps, filtered_resps, exact_match, target } = JSON.parse(text.split("\n")[0] ?? "");
    assert.deepEqual([resps, filtered_resps, target], [[answers], ["7", "8", "7"], "7"]);
    assert.equal(exact_match.toFixed(4), "0.6667");
    const { results } = JSON.parse(await Deno.readTextFile(join(directory, "results.json")));
    assert.ok("pass@2,none" in results.gsm8k);
  }));

Deno.test("writeResults() has a benchmark's groups as lm-eval has a group's tasks", () =>
  inDirectory(async (directory) => {
    const system = stubSystem({ logLikelihood: (_, index) => ({ sum: -(index % 4) - 1, tokens: 1 }) });
    const protocol = multipleChoice(MMLU, await readItems(MMLU, HUB), new Map(), 0, system);
    const evaluation = await evaluate({ ...protocol, available: 9 }, "stub", directory, signal);
    await writeResults(directory, [evaluation], { model: "stub", limit: 1, seed: 1 });
    const file = JSON.parse(await Deno.readTextFile(join(directory, "results.json")));
    assert.deepEqual(file.group_subtasks, { mmlu: ["mmlu_sound_theory", "mmlu_tides"] });
    assert.deepEqual(file.groups.mmlu, file.results.mmlu);
    // Right where the letter is A: in one of two.
    assert.deepEqual(
      [file.groups.mmlu["acc,none"], file.results.mmlu_sound_theory["acc,none"]],
      [0.5, 0],
    );
    assert.deepEqual(file["n-samples"].mmlu, { original: 9, effective: 2 });
  }));

Deno.test("writeResults() writes lm-eval's layout, the same bytes twice", () =>
  inDirectory(async (directory) => {
    const system = stubSystem({ logLikelihood: (_, index) => ({ sum: -index - 1, tokens: 1 }) });
    const protocol = multipleChoice(PIQA, await readItems(PIQA, HUB), new Map(), 0, system);
    const evaluation = await evaluate(protocol, "stub", directory, signal);
    const config = { model: "stub", limit: null, seed: 1 };
    await writeResults(directory, [evaluation], config);
    const text = await Deno.readTextFile(join(directory, "results.json"));
    const results = JSON.parse(text);
    assert.equal(results.results.piqa["acc,none"], 1);
    assert.equal(results.results.piqa["acc_stderr,none"], "N/A");
    assert.equal(results.versions.piqa, 1);
    assert.equal(results["n-shot"].piqa, 0);
    assert.deepEqual(results["n-samples"].piqa, { original: 1, effective: 1 });
    assert.deepEqual(results.higher_is_better.piqa, { acc: true, acc_norm: true, acc_bytes: true });
    assert.match(results.task_hashes.piqa, /^[0-9a-f]{64}$/);
    assert.ok(!("groups" in results));
    const [line] = (await Deno.readTextFile(join(directory, "samples_piqa.jsonl"))).trim().split("\n");
    const sample = JSON.parse(line ?? "");
    assert.deepEqual(sample.arguments.gen_args_1, {
      arg_0: "Question: Dry a wet book\nAnswer:",
      arg_1: " Put it in the oven.",
    });
    assert.deepEqual([sample.doc_id, sample.target, sample.acc, sample.resps], [
      ...[0, "0", 1, [[[-1]], [[-2]]]],
    ]);
    assert.deepEqual(sample.filtered_resps, [[-1], [-2]]);
    await writeResults(directory, [evaluation], config);
    assert.equal(await Deno.readTextFile(join(directory, "results.json")), text);
  }));
