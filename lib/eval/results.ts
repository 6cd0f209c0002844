/**
 * Results in lm-eval's layout: results.json, and samples_TASK.jsonl with a line for each question, so that tools which read lm-eval's
 * files read ours. Intervals, and pass@k, stand beside its own keys. Not there: whether a choice is what the model would write, and
 * anything that depends on the day or the machine: the same answers give the same bytes.
 * @module
 */
import { join } from "node:path";
import { fingerprint, sha256, writeFileAtomic, writeJson } from "../core/artefacts.ts";
import type { Evaluation } from "./evaluate.ts";
import type { Question } from "./protocol.ts";
import { type Cluster, clusterMean, clustersOf, type Score, scoresOf } from "./scores.ts";

/** A benchmark's scores, or those of a group of its questions ("mmlu_anatomy"). */
export interface TaskScores {
  readonly task: string;
  /** The benchmark that a group is of; absent for benchmarks. */
  readonly partOf?: string;
  readonly questions: number;
  readonly scores: readonly Score[];
}

/** Scores of a benchmark, then of its groups. @param seed Of the bootstraps. */
export function taskScores({ protocol, samples }: Evaluation, seed: number): TaskScores[] {
  const { task, metrics, questions } = protocol;
  const all = { task, questions: questions.length, scores: scoresOf(samples, metrics, seed) };
  const groups = Map.groupBy(questions, ({ group }) => group);
  groups.delete(undefined);
  return [
    all,
    ...[...groups].map(([group, own]) => {
      const ids = new Set(own.map(({ id }) => id));
      return {
        task: `${task}_${group}`,
        partOf: task,
        questions: own.length,
        scores: scoresOf(samples.filter(({ id }) => ids.has(id)), metrics, seed),
      };
    }),
  ];
}

/** What results.json says about the whole evaluation. */
export interface EvaluationConfig {
  /** The system's name. */
  readonly model: string;
  readonly limit: number | null;
  readonly seed: number;
}

/**
 * Writes results.json and the samples of every benchmark. results.json has the benchmarks of this call alone: to have more in it, ask for
 * them together; answers that are there are not asked for again.
 *
 * @returns The scores, as written.
 */
export async function writeResults(
  directory: string,
  evaluations: readonly Evaluation[],
  config: EvaluationConfig,
): Promise<TaskScores[]> {
  const scores = evaluations.flatMap((evaluation) => taskScores(evaluation, config.seed));
  const byTask = <Value>(value: (evaluation: Evaluation) => Value) =>
    Object.fromEntries(evaluations.map((evaluation) => [evaluation.protocol.task, value(evaluation)]));
  const groups = scores.filter(({ task }) => scores.some(({ partOf }) => partOf === task));
  const entriesOf = (of: readonly TaskScores[]) =>
    Object.fromEntries(of.map((entry) => [entry.task, resultEntry(entry)]));
  const lines = evaluations.map(sampleLines);
  for (const [i, { protocol: { task } }] of evaluations.entries()) {
    const text = (lines[i] ?? []).map((line) => JSON.stringify(line) + "\n").join("");
    await writeFileAtomic(join(directory, `samples_${task}.jsonl`), text);
  }
  await writeJson(join(directory, "results.json"), {
    results: entriesOf(scores),
    ...(groups.length > 0 && { groups: entriesOf(groups) }),
    group_subtasks: byTask(({ protocol: { task } }) =>
      scores.filter(({ partOf }) => partOf === task).map((entry) => entry.task)
    ),
    configs: byTask(({ protocol: { task, shots, samples, settings } }) => ({
      task,
      num_fewshot: shots,
      repeats: samples,
      ...settings,
    })),
    versions: byTask(({ protocol }) => protocol.version),
    "n-shot": byTask(({ protocol }) => protocol.shots),
    higher_is_better: byTask(({ protocol }) =>
      Object.fromEntries(protocol.metrics.map((metric) => [metric, metric !== "perplexity"]))
    ),
    "n-samples": byTask(({ protocol: { questions, available = questions.length } }) => ({
      original: available,
      effective: questions.length,
    })),
    config,
    task_hashes: Object.fromEntries(evaluations.map(({ protocol }, i) => [
      protocol.task,
      sha256((lines[i] ?? []).map(hashesOf).join("")),
    ])),
  });
  return scores;
}

/** lm-eval's keys have a filter's name after the comma; ours are unfiltered. */
function resultEntry({ task, scores }: TaskScores): Record<string, unknown> {
  return {
    alias: task,
    ...Object.fromEntries(scores.flatMap(({ metric, value, standardError, low, high }) => [
      [`${metric},none`, value],
      [`${metric}_stderr,none`, standardError ?? "N/A"],
      [`${metric}_interval95,none`, [low, high]],
    ])),
  };
}

/** A line of samples_TASK.jsonl. */
interface SampleLine extends Record<string, unknown> {
  readonly doc_hash: string;
  readonly prompt_hash: string;
  readonly target_hash: string;
}

/** What a benchmark's hash is made of. */
function hashesOf({ doc_hash, prompt_hash, target_hash }: SampleLine): string {
  return doc_hash + prompt_hash + target_hash;
}

/** A line for each question. */
function sampleLines({ protocol: { questions }, samples }: Evaluation): SampleLine[] {
  const clusters = new Map(clustersOf(samples).map((cluster) => [cluster[0]?.id, cluster]));
  return questions.map((question, i) => {
    const cluster = clusters.get(question.id) ?? [];
    const names = [...new Set(cluster.flatMap(({ metrics }) => Object.keys(metrics)))];
    return {
      doc_id: i,
      doc: question.doc,
      target: question.target,
      arguments: lmEvalArguments(question),
      ...lmEvalResponses(cluster),
      filter: "none",
      metrics: names.filter((name) => name !== "tokens"),
      doc_hash: fingerprint(question.doc),
      prompt_hash: sha256(question.arguments[0]?.[0] ?? ""),
      target_hash: sha256(question.target),
      ...Object.fromEntries(names.map((name) => [name, clusterMean(cluster, name)])),
    };
  });
}

/**
 * Answers by request, then by repetition: of written answers there is one request, and what was found in each is filtered; of
 * log-likelihoods a request for each continuation, answered once by a list whose first entry it is.
 */
function lmEvalResponses(cluster: Cluster): { resps: unknown; filtered_resps: unknown } {
  const responses = cluster.flatMap(({ responses }) => responses);
  return typeof responses[0] === "number"
    ? { resps: responses.map((sum) => [[sum]]), filtered_resps: responses.map((sum) => [sum]) }
    : { resps: [responses], filtered_resps: cluster.map(({ filtered }) => filtered) };
}

/** {"gen_args_0": {"arg_0": context, "arg_1": continuation}, …}. */
function lmEvalArguments({ arguments: requests }: Question): Record<string, Record<string, string>> {
  return Object.fromEntries(
    requests.map((parts, i) => [
      `gen_args_${i}`,
      Object.fromEntries(parts.map((part, j) => [`arg_${j}`, part])),
    ]),
  );
}
