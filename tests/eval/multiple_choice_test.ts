/** Goldens by hand: lm-eval's requests for every task of multiple choice, and its scores for given log-likelihoods. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { ARC_CHALLENGE, ARC_EASY } from "../../lib/benchmarks/arc.ts";
import { BOOLQ } from "../../lib/benchmarks/boolq.ts";
import { HELLASWAG } from "../../lib/benchmarks/hellaswag.ts";
import { MMLU } from "../../lib/benchmarks/mmlu.ts";
import { OPENBOOKQA } from "../../lib/benchmarks/openbookqa.ts";
import { PIQA } from "../../lib/benchmarks/piqa.ts";
import { readExamples, readItems } from "../../lib/benchmarks/read.ts";
import { SOCIAL_IQA } from "../../lib/benchmarks/social_iqa.ts";
import type { ChoiceTask } from "../../lib/benchmarks/task.ts";
import { WINOGRANDE } from "../../lib/benchmarks/winogrande.ts";
import { UsageError } from "../../lib/core/errors.ts";
import { multipleChoice, scoreChoices } from "../../lib/eval/multiple_choice.ts";
import type { LogLikelihoodRequest } from "../../lib/eval/system.ts";
import { HUB } from "../benchmarks/fixtures.ts";
import { stubSystem } from "./stub_system.ts";

/** What is asked of an item and what comes of it; `sums` stand in for a model. */
interface Golden {
  readonly task: ChoiceTask;
  readonly shots?: number;
  readonly requests: readonly (readonly [context: string, continuation: string])[];
  readonly sums: readonly number[];
  readonly gold: number;
  /** [acc, acc_norm, acc_bytes]. */
  readonly scores: readonly [number, number, number];
}

const GOLDENS: readonly Golden[] = [
  {
    task: ARC_EASY,
    requests: [
      ["Question: What freezes first?\nAnswer:", " still water"],
      ["Question: What freezes first?\nAnswer:", " salt water"],
      ["Question: What freezes first?\nAnswer:", " oil"],
    ],
    // Per character: −11/11 = −1, −11/10 = −1.1, −6/3 = −2.
    sums: [-11, -11, -6],
    gold: 0,
    scores: [0, 1, 1],
  },
  {
    task: ARC_CHALLENGE,
    requests: [
      ["Question: Why is the sky dark at night?\nAnswer:", " The Earth turns away from the Sun."],
      ["Question: Why is the sky dark at night?\nAnswer:", " The Sun goes out."],
    ],
    // 34 and 17 characters.
    sums: [-17, -8.6],
    gold: 0,
    scores: [0, 1, 1],
  },
  {
    task: BOOLQ,
    requests: [
      ["Bats are mammals that fly.\nQuestion: is a bat a bird?\nAnswer:", " no"],
      ["Bats are mammals that fly.\nQuestion: is a bat a bird?\nAnswer:", " yes"],
    ],
    // −2/2 = −1, −2.7/3 = −0.9.
    sums: [-2, -2.7],
    gold: 0,
    scores: [1, 0, 0],
  },
  {
    task: PIQA,
    requests: [
      ["Question: Dry a wet book\nAnswer:", " Put paper between its pages."],
      ["Question: Dry a wet book\nAnswer:", " Put it in the oven."],
    ],
    sums: [-20, -21],
    gold: 0,
    scores: [1, 1, 1],
  },
  {
    task: SOCIAL_IQA,
    requests: [
      ["Q: Ada lent Ben her umbrella. How would Ben feel?\nA:", " grateful"],
      ["Q: Ada lent Ben her umbrella. How would Ben feel?\nA:", " angry"],
      ["Q: Ada lent Ben her umbrella. How would Ben feel?\nA:", " thirsty"],
    ],
    // −8/8, −4/5, −9/7.
    sums: [-8, -4, -9],
    gold: 0,
    scores: [0, 0, 0],
  },
  {
    task: HELLASWAG,
    // " [title]" is ". ", other brackets go, two spaces are one, ctx_b is capitalised.
    requests: [
      ["Baking bread: A man kneads dough. Rising. He waits. He then", " bakes it. Then eats."],
      ["Baking bread: A man kneads dough. Rising. He waits. He then", " paints it blue."],
    ],
    sums: [-10, -12],
    gold: 0,
    scores: [1, 1, 1],
  },
  {
    task: OPENBOOKQA,
    requests: [
      ["Plants need", " light"],
      ["Plants need", " noise"],
      ["Plants need", " glue"],
      ["Plants need", " shoes"],
    ],
    // Equal choices: the first counts.
    sums: [-5, -5, -5, -5],
    gold: 0,
    scores: [1, 1, 1],
  },
  {
    task: WINOGRANDE,
    requests: [
      ["The cup did not fit in the box because the cup", " was too small."],
      ["The cup did not fit in the box because the box", " was too small."],
    ],
    sums: [-9, -8],
    gold: 1,
    scores: [1, 1, 1],
  },
  {
    task: MMLU,
    shots: 1,
    requests: ["A", "B", "C", "D"].map((letter) =>
      [
        "The following are multiple choice questions (with answers) about sound theory.\n\n" +
        "What carries sound?\nA. Air\nB. Nothing\nC. Light\nD. Time\nAnswer: A\n\n" +
        'Which is "loud"?\nA. a whisper\nB. a shout\nC. silence\nD. a nod, a wink\nAnswer:',
        ` ${letter}`,
      ] as const
    ),
    sums: [-1.5, -1.25, -3, -4],
    gold: 1,
    scores: [1, 1, 1],
  },
];

for (const { task, shots = 0, requests, sums, gold, scores } of GOLDENS) {
  Deno.test(`multipleChoice() asks and scores ${task.name} as lm-eval does`, async () => {
    const [item, ...others] = await readItems(task, HUB);
    assert.ok(item);
    assert.equal(item.gold, gold);
    const asked: LogLikelihoodRequest[] = [];
    const system = stubSystem({
      logLikelihood: (request, index) => {
        asked.push(request);
        return { sum: sums[index] ?? NaN, tokens: 1 };
      },
    });
    const protocol = multipleChoice(
      task,
      [item, ...others],
      await readExamples(task, HUB, shots),
      shots,
      system,
    );
    const [sample] = await Array.fromAsync(
      protocol.ask([{ id: item.id, sample: 0 }], new AbortController().signal),
    );
    assert.deepEqual(asked.map(({ context, continuation }) => [context, continuation]), requests);
    const [acc, acc_norm, acc_bytes] = scores;
    assert.deepEqual(sample?.metrics, { acc, acc_norm, acc_bytes });
    assert.deepEqual(sample?.responses, sums);
  });
}

Deno.test("scoreChoices() counts code points for acc_norm and UTF-8 for acc_bytes", () => {
  // "ää" has 2 code points and 4 bytes: −3/2 < −4/3 by characters, −3/4 > −4/3 by bytes.
  assert.deepEqual(scoreChoices([-3, -4], ["ää", "abc"], 0), { acc: 1, acc_norm: 0, acc_bytes: 1 });
  assert.deepEqual(scoreChoices([-3, -4], ["😀", "abc"], 1), { acc: 0, acc_norm: 1, acc_bytes: 0 });
});

Deno.test("scoreChoices() does not change when every choice is as long and all sums move together", () => {
  fc.assert(fc.property(
    fc.array(fc.integer({ min: -50, max: -1 }), { minLength: 2, maxLength: 5 }),
    fc.integer({ min: -50, max: 0 }),
    (sums, shift) => {
      const choices = sums.map((_, i) => "abcde".slice(i, i + 1));
      const scores = scoreChoices(sums, choices, 0);
      assert.deepEqual(scoreChoices(sums.map((sum) => sum + shift), choices, 0), scores);
      assert.equal(scores.acc, scores.acc_norm);
    },
  ));
});

Deno.test("multipleChoice() refuses a system without log-likelihoods", async () => {
  const items = await readItems(PIQA, HUB);
  assert.throws(
    () => multipleChoice(PIQA, items, new Map(), 0, stubSystem({ answer: () => "" })),
    (error) => error instanceof UsageError && /stub gives no log-likelihoods/.test(error.message),
  );
});
