/**
 * Multiple choice by log-likelihood, as lm-eval scores it.
 *
 * `acc`: the choice with the highest Σ log p is the right one. `acc_norm`: the same per character (code points, which is what lm-eval
 * divides by, though its documentation says bytes); `acc_bytes`: per byte of UTF-8. Of equal choices the first counts.
 * @module
 */
import { contextOf, fewShotPrefix } from "../benchmarks/read.ts";
import type { ChoiceItem, ChoiceTask } from "../benchmarks/task.ts";
import { UsageError } from "../core/errors.ts";
import type { Protocol, Sample } from "./protocol.ts";
import type { LogLikelihoodRequest, System } from "./system.ts";

const METRICS = ["acc", "acc_norm", "acc_bytes"] as const;

const utf8 = new TextEncoder();

/** Index of the highest value; of equal ones the first. */
function argmax(values: readonly number[]): number {
  return values.reduce((best, value, i) => value > (values[best] as number) ? i : best, 0);
}

/**
 * Scores of one question.
 *
 * @param sums Σ log p of each choice, in nats.
 *
 * @example
 * ```ts
 * import { scoreChoices } from "./multiple_choice.ts";
 * import assert from "node:assert/strict";
 * // −4/2 is above −6/4 only without normalisation.
 * assert.deepEqual(scoreChoices([-4, -6], ["no", "yes!"], 1), { acc: 0, acc_norm: 1, acc_bytes: 1 });
 * ```
 */
export function scoreChoices(
  sums: readonly number[],
  choices: readonly string[],
  gold: number,
): Record<typeof METRICS[number], number> {
  const per = (length: (choice: string) => number) =>
    argmax(sums.map((sum, i) => sum / length(choices[i] ?? "")));
  return {
    acc: Number(argmax(sums) === gold),
    acc_norm: Number(per((choice) => [...choice].length) === gold),
    acc_bytes: Number(per((choice) => utf8.encode(choice).length) === gold),
  };
}

/** What is asked about an item: a request for each choice. */
export function choiceRequests(item: ChoiceItem, prefix: string): LogLikelihoodRequest[] {
  return item.choices.map((choice, i) => ({
    context: prefix + contextOf(item, i),
    continuation: ` ${choice}`,
  }));
}

/**
 * A benchmark of multiple choice, to be put to a system.
 *
 * @param examples By group, `shots` each.
 * @throws {UsageError} where the system has no log-likelihoods.
 */
export function multipleChoice(
  task: ChoiceTask,
  items: readonly ChoiceItem[],
  examples: ReadonlyMap<string, readonly string[]>,
  shots: number,
  system: System,
): Protocol {
  const { logLikelihoods } = system;
  if (logLikelihoods === undefined) {
    throw new UsageError(
      `${system.name} gives no log-likelihoods, which ${task.name} is scored by; --mode chat asks for a letter.`,
    );
  }
  const asked = items.map((item) => ({
    item,
    requests: choiceRequests(item, fewShotPrefix(task, item, examples)),
  }));
  const byId = new Map(asked.map((entry) => [entry.item.id, entry]));
  return {
    task: task.name,
    version: task.version,
    shots,
    settings: { output_type: "multiple_choice" },
    metrics: METRICS,
    samples: 1,
    questions: asked.map(({ item, requests }) => ({
      id: item.id,
      ...(item.group !== undefined && { group: item.group }),
      doc: { id: item.id, question: item.question, choices: item.choices, gold: item.gold },
      target: String(item.gold),
      arguments: requests.map(({ context, continuation }) => [context, continuation]),
    })),
    async *ask(keys, signal) {
      // Ids are the questions'.
      const chosen = keys.map(({ id }) => byId.get(id) as (typeof asked)[number]);
      const owners = chosen.flatMap((entry) => entry.requests.map((_, choice) => ({ entry, choice })));
      const sums = new Map(
        chosen.map((
          entry,
        ) => [entry, { values: new Array<number>(entry.requests.length), missing: entry.requests.length }]),
      );
      for await (const { index, sum } of logLikelihoods(chosen.flatMap(({ requests }) => requests), signal)) {
        // An answer to each request.
        const { entry, choice } = owners[index] as (typeof owners)[number];
        const own = sums.get(entry) as { values: number[]; missing: number };
        own.values[choice] = sum;
        if (--own.missing === 0) yield judgedChoices(entry.item, own.values);
      }
    },
  };
}

/** A question, judged by the log-likelihoods of its choices. */
export function judgedChoices({ id, choices, gold }: ChoiceItem, sums: readonly number[]): Sample {
  return {
    id,
    sample: 0,
    responses: sums,
    filtered: choices[argmax(sums)] ?? null,
    metrics: scoreChoices(sums, choices, gold),
  };
}
