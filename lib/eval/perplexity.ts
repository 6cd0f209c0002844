/**
 * Perplexity of texts: of a benchmark's right answers, given their questions, which is smooth where accuracy is still zero (Figures 7 and 11
 * of the paper: HumanEval's solutions, GSM8K's answers, the right choices), and of whatever else is text.
 * @module
 */
import { rightAnswer } from "../benchmarks/read.ts";
import type { ChoiceItem, GenerationItem, Task } from "../benchmarks/task.ts";
import { UsageError } from "../core/errors.ts";
import type { Protocol } from "./protocol.ts";
import type { LogLikelihoodRequest, System } from "./system.ts";

/**
 * Texts by their ids, to be put to a system; the task is called NAME_perplexity.
 *
 * @throws {UsageError} where the system has no log-likelihoods.
 */
export function perplexityOf(
  name: string,
  version: number,
  texts: ReadonlyMap<string, LogLikelihoodRequest>,
  system: System,
): Protocol {
  const { logLikelihoods } = system;
  if (logLikelihoods === undefined) {
    throw new UsageError(`${system.name} gives no log-likelihoods, which perplexity is made of.`);
  }
  return {
    task: `${name}_perplexity`,
    version,
    shots: 0,
    settings: { output_type: "loglikelihood" },
    metrics: ["perplexity"],
    samples: 1,
    questions: [...texts].map(([id, { context, continuation }]) => ({
      id,
      doc: { id },
      target: continuation,
      arguments: [[context, continuation]],
    })),
    async *ask(keys, signal) {
      // Ids are the texts'.
      const asked = keys.map(({ id }) => texts.get(id) as LogLikelihoodRequest);
      for await (const { index, sum, tokens } of logLikelihoods(asked, signal)) {
        const { id } = keys[index] as typeof keys[number];
        yield { id, sample: 0, responses: [sum], filtered: null, metrics: { nll: -sum, tokens } };
      }
    },
  };
}

/**
 * The right answers of a benchmark.
 *
 * @throws {UsageError} where the system has no log-likelihoods, or the benchmark no answers written out.
 */
export function goldPerplexity(
  task: Task,
  items: readonly (ChoiceItem | GenerationItem)[],
  system: System,
): Protocol {
  const texts = new Map(items.map((item) => {
    const answer = rightAnswer(item);
    if (answer !== null) return [item.id, answer];
    throw new UsageError(`${task.name} has no answers whose perplexity could be measured.`);
  }));
  return perplexityOf(task.name, task.version, texts, system);
}
