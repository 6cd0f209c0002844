/**
 * Two systems on the same questions. Paired, because questions differ in difficulty far more than systems do: the error of the difference
 * is then much smaller than that of either score.
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import { UsageError } from "../core/errors.ts";
import { Random } from "../core/random.ts";
import { bootstrapInterval, meanOf, standardDeviation } from "../core/statistics.ts";
import { parseRecord, readRecords } from "../benchmarks/records.ts";
import { exists } from "../core/artefacts.ts";

/** A metric of a benchmark in two runs. */
export interface PairedComparison {
  readonly task: string;
  readonly metric: string;
  /** Questions that both runs have. */
  readonly questions: number;
  /** Means over those questions. */
  readonly a: number;
  readonly b: number;
  /** b − a. */
  readonly difference: number;
  /** Of the difference; null below two questions. */
  readonly standardError: number | null;
  /** Bootstrap interval of the difference at 95%; null below three questions. */
  readonly low: number | null;
  readonly high: number | null;
  /** Questions that b does better, and that a does. */
  readonly better: number;
  readonly worse: number;
  /** Two-sided exact sign test of better against worse (for single answers McNemar's). */
  readonly p: number;
}

/**
 * Compares values of the same questions in the same order.
 *
 * @param seed Of the bootstrap.
 *
 * @example
 * ```ts
 * import { comparePaired } from "./comparison.ts";
 * import assert from "node:assert/strict";
 * const { difference, better, worse, p } = comparePaired([0, 0, 0, 1], [1, 1, 1, 1], 1);
 * assert.deepEqual([difference, better, worse, p.toFixed(6)], [0.75, 3, 0, "0.250000"]);
 * ```
 */
export function comparePaired(
  a: readonly number[],
  b: readonly number[],
  seed: number,
): Omit<PairedComparison, "task" | "metric"> {
  // Of one length.
  const differences = b.map((value, i) => value - (a[i] as number));
  const { mean, low, high } = bootstrapInterval(differences, meanOf, Random.of(seed, "comparison"));
  const better = differences.filter((value) => value > 0).length;
  const worse = differences.filter((value) => value < 0).length;
  return {
    questions: a.length,
    a: meanOf(a),
    b: meanOf(b),
    difference: mean,
    standardError: a.length < 2 ? null : standardDeviation(differences) / Math.sqrt(a.length),
    low,
    high,
    better,
    worse,
    p: signTest(better, worse),
  };
}

/** Two-sided p of a fair coin's `better` heads and `worse` tails, exactly. */
export function signTest(better: number, worse: number): number {
  const n = better + worse;
  // log C(n, i) − n log 2, step by step.
  let logTerm = -n * Math.LN2, tail = 0;
  for (let i = 0; i <= Math.min(better, worse); i++) {
    tail += Math.exp(logTerm);
    logTerm += Math.log((n - i) / (i + 1));
  }
  return Math.min(1, 2 * tail);
}

const sample = z.looseObject({
  doc: z.looseObject({ id: z.string() }),
  prompt_hash: z.string(),
  metrics: z.array(z.string()),
});

/** A metric's value by question. */
type Values = Map<string, Map<string, number>>;

async function readSamples(directory: string, task: string): Promise<Values> {
  const values: Values = new Map();
  for await (const record of readRecords(join(directory, `samples_${task}.jsonl`))) {
    const line = parseRecord(record, sample);
    for (const metric of line.metrics) {
      const value = line[metric];
      if (typeof value !== "number") continue;
      const own = values.get(metric) ?? new Map<string, number>();
      values.set(metric, own.set(line.doc.id, value));
    }
  }
  return values;
}

/**
 * Compares two directories of results, benchmark by benchmark; only questions that both have count.
 *
 * @throws {UsageError} where a directory has no results, or they share no benchmark.
 */
export async function compareResults(a: string, b: string, seed: number): Promise<PairedComparison[]> {
  const tasks = await tasksOf(a);
  const shared = (await tasksOf(b)).filter((task) => tasks.includes(task));
  if (shared.length === 0) throw new UsageError(`${a} and ${b} share no benchmark.`);
  const comparisons: PairedComparison[] = [];
  for (const task of shared) {
    const [first, second] = [await readSamples(a, task), await readSamples(b, task)];
    for (const [metric, values] of first) {
      const others = second.get(metric) ?? new Map<string, number>();
      const ids = [...values.keys()].filter((id) => others.has(id));
      if (ids.length === 0) continue;
      const column = (from: Map<string, number>) => ids.map((id) => from.get(id) as number);
      comparisons.push({ task, metric, ...comparePaired(column(values), column(others), seed) });
    }
  }
  return comparisons;
}

/** Benchmarks of which a directory has samples, sorted. */
async function tasksOf(directory: string): Promise<string[]> {
  if (!await exists(join(directory, "results.json"))) {
    throw new UsageError(`${directory} has no results.json, expected what an evaluation wrote.`);
  }
  const names = (await Array.fromAsync(Deno.readDir(directory))).map(({ name }) => name).sort();
  return names.flatMap((name) => /^samples_(.*)\.jsonl$/.exec(name)?.[1] ?? []);
}
