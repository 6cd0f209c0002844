/**
 * Results in lm-eval's layout: results.json, and samples_TASK.jsonl with a line for each question, so that tools which read lm-eval's
 * files read ours. Intervals, and pass@k, stand beside its own keys. Nothing depends on the day: the same answers give the same bytes.
 * @module
 */
import { join } from "node:path";
import { fingerprint, sha256, writeFileAtomic, writeJson } from "../core/artefacts.ts";
import type { Evaluation } from "./evaluate.ts";
import type { Question } from "./protocol.ts";
import { clusterMean, clustersOf, type Score, scoresOf } from "./scores.ts";

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
  for (const evaluation of evaluations) {
    await writeFileAtomic(
      join(directory, `samples_${evaluation.protocol.task}.jsonl`),
      sampleLines(evaluation).map((line) => JSON.stringify(line) + "\n").join(""),
    );
  }
  await writeJson(join(directory, "results.json"), {
    results: Object.fromEntries(scores.map((entry) => [entry.task, resultEntry(entry)])),
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
    "n-samples": byTask(({ protocol }) => ({ effective: protocol.questions.length })),
    config,
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

/** A line for each question. */
function sampleLines({ protocol: { questions }, samples }: Evaluation): Record<string, unknown>[] {
  const clusters = new Map(clustersOf(samples).map((cluster) => [cluster[0]?.id, cluster]));
  return questions.map((question, i) => {
    const cluster = clusters.get(question.id) ?? [];
    const names = [...new Set(cluster.flatMap(({ metrics }) => Object.keys(metrics)))];
    return {
      doc_id: i,
      doc: question.doc,
      target: question.target,
      arguments: lmEvalArguments(question),
      resps: cluster.map(({ responses }) => responses),
      filtered_resps: cluster.map(({ filtered }) => filtered),
      filter: "none",
      metrics: names.filter((name) => name !== "tokens"),
      doc_hash: fingerprint(question.doc),
      prompt_hash: sha256(question.arguments[0]?.[0] ?? ""),
      target_hash: sha256(question.target),
      ...Object.fromEntries(names.map((name) => [name, clusterMean(cluster, name)])),
    };
  });
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
