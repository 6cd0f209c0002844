import assert from "node:assert/strict";
import { Random } from "../../lib/core/random.ts";
import type { Prompt } from "../../lib/curation/prompt.ts";
import { scoreOf } from "../../lib/curation/ask_llm.ts";
import { type JudgeTraining, TRAINED_JUDGE, trainJudge } from "../../lib/curation/trained_judge.ts";
import type { Document } from "../../lib/sources/document.ts";
import { openTokenizer } from "../../lib/tokenizer/tokenizer.ts";
import { inDirectory, names } from "../core/temporary.ts";
import { documentOf } from "./documents.ts";

const WORDS = {
  programs: ["let", "return", "if", "for"],
  proofs: ["two", "sum", "prime", "root"],
  facts: ["the", "king", "river", "sea"],
  inbox: ["re", "free", "buy", "now"],
} as const;
type Source = keyof typeof WORDS;

/** A document in a source's words; every other one reasons. */
function textOf(source: Source, i: number): string {
  const random = Random.of(1, source);
  const words = Array.from({ length: 12 }, (_, j) => WORDS[source][random.below(12 * i + j, 4)]);
  return `${i % 2 === 0 ? "hence because " : ""}${words.join(" ")} ${i}`;
}

async function* documents(): AsyncGenerator<Document> {
  for (const source of Object.keys(WORDS) as Source[]) {
    for (let i = 0; i < 100; i++) yield await Promise.resolve(documentOf(textOf(source, i), source));
  }
}

const prompt = (name: string, question: string): Prompt => ({
  name,
  before: "",
  after: question,
  hash: name,
});

async function training(
  directory: string,
  settings: Partial<typeof TRAINED_JUDGE> = {},
): Promise<JudgeTraining> {
  return {
    tokenizer: await openTokenizer("llama3-512"),
    prompts: {
      reasoning: prompt("reasoning", "\nWhy?"),
      code: prompt("code", "\nCode!"),
      math: prompt("math", "\nMath:"),
      knowledge: prompt("knowledge", "\nWorld."),
    },
    documents: documents(),
    domains: { programs: "code", proofs: "math", facts: "knowledge", inbox: "mail" },
    directory,
    settings: { ...TRAINED_JUDGE, maxTokens: 32, steps: 250, ...settings },
  };
}

Deno.test("trainJudge() learns to tell documents and prompts apart, says how well, and is not trained twice", () =>
  inDirectory(async (directory) => {
    await using trained = await trainJudge(await training(directory));
    const { judge, report } = trained;
    for (const [name, { auc, accuracy, trainingDocuments, heldOutDocuments }] of Object.entries(report)) {
      assert.ok(auc > 0.9 && accuracy > 0.75, `${name}: ${auc}, ${accuracy}`);
      assert.equal(trainingDocuments + heldOutDocuments, 400);
    }
    assert.match(
      judge.name,
      /^own model [0-9a-f]{16}, llama3-512, plain, 32 tokens, trained on weak labels \(.*\); held-out AUC reasoning \d\.\d\d, code \d\.\d\d, math \d\.\d\d, knowledge \d\.\d\d$/,
    );
    const { prompts } = await training(directory);
    const document = documentOf(textOf("programs", 1001));
    const score = async (prompt: Prompt) => scoreOf((await judge.judge(prompt, [document]))[0]!)!;
    assert.ok(await score(prompts.code) > 0.7 && await score(prompts.math) < 0.3);

    assert.deepEqual(await names(directory), ["config.json", "model.safetensors"]);
    const aborted = { signal: AbortSignal.abort(new Error("trained again")) };
    await using again = await trainJudge({ ...await training(directory), ...aborted });
    assert.deepEqual(again.report, report);
    assert.equal(again.judge.name, judge.name);
    await assert.rejects(
      trainJudge({ ...await training(directory, { steps: 251 }), ...aborted }),
      /^Error: trained again$/,
    );
  }));

Deno.test("trainJudge() takes the place of a judge of other settings, whatever its shape", () =>
  inDirectory(async (directory) => {
    const width = { ...TRAINED_JUDGE.model, width: 16 };
    for (const settings of [{}, { model: width }, { model: width }]) {
      await using trained = await trainJudge(await training(directory, settings));
      assert.ok(trained.report.code.auc > 0.6);
    }
  }));

Deno.test("trainJudge() keeps no judge whose scores would be noise", () =>
  inDirectory(async (directory) => {
    await assert.rejects(trainJudge(await training(directory, { steps: 1, learningRate: 1e-9 })), {
      name: "RunError",
      message:
        /^The judge trained on weak labels has a held-out AUC of 0\.\d+ for the prompt "\w+", expected 0\.6 at least: its scores would be noise\. Train it longer, or name a judge\.$/,
    });
    assert.deepEqual(await names(directory), []);
  }));

Deno.test("trainJudge() refuses prompts that leave no room for a document", () =>
  inDirectory(async (directory) => {
    await assert.rejects(trainJudge(await training(directory, { maxTokens: 4 })), {
      name: "UsageError",
      message: /^Prompt "\w+" has \d+ tokens, which leaves none of 4 for a document\.$/,
    });
  }));
