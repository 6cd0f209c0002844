/**
 * Perplexity of a benchmark's right answers, given their questions: smooth where accuracy is still zero (Figures 7 and 11 of the paper:
 * HumanEval's solutions, GSM8K's answers, the right choices).
 * @module
 */
import { rightAnswer } from "../benchmarks/read.ts";
import type { ChoiceItem, GenerationItem, Task } from "../benchmarks/task.ts";
import { UsageError } from "../core/errors.ts";
import type { Protocol } from "./protocol.ts";
import type { LogLikelihoodRequest, System } from "./system.ts";

/**
 * The texts of a benchmark, to be put to a system; the task is called NAME_perplexity.
 *
 * @throws {UsageError} where the system has no log-likelihoods, or the benchmark no answers written out.
 */
export function goldPerplexity(
  task: Task,
  items: readonly (ChoiceItem | GenerationItem)[],
  system: System,
): Protocol {
  const { logLikelihoods } = system;
  if (logLikelihoods === undefined) {
    throw new UsageError(`${system.name} gives no log-likelihoods, which perplexity is made of.`);
  }
  const requests = new Map<string, LogLikelihoodRequest>();
  for (const item of items) {
    const request = rightAnswer(item);
    if (request === null) {
      throw new UsageError(`${task.name} has no answers whose perplexity could be measured.`);
    }
    requests.set(item.id, request);
  }
  return {
    task: `${task.name}_perplexity`,
    version: task.version,
    shots: 0,
    settings: { output_type: "loglikelihood" },
    metrics: ["perplexity"],
    samples: 1,
    questions: [...requests].map(([id, { context, continuation }]) => ({
      id,
      doc: { id },
      target: continuation,
      arguments: [[context, continuation]],
    })),
    async *ask(keys, signal) {
      // Ids are the items'.
      const asked = keys.map(({ id }) => requests.get(id) as LogLikelihoodRequest);
      for await (const { index, sum, tokens } of logLikelihoods(asked, signal)) {
        const { id } = keys[index] as typeof keys[number];
        yield { id, sample: 0, responses: [sum], filtered: null, metrics: { nll: -sum, tokens } };
      }
    },
  };
}
