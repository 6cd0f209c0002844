/**
 * From a benchmark's name and files to a protocol.
 * @module
 */
import { readExamples, readItems } from "../benchmarks/read.ts";
import type { Sandboxes } from "../benchmarks/sandboxes.ts";
import type { Task } from "../benchmarks/task.ts";
import { COMMONSENSE, findTask, TASKS } from "../benchmarks/tasks.ts";
import { multipleChoice } from "./multiple_choice.ts";
import { goldPerplexity } from "./perplexity.ts";
import type { Protocol } from "./protocol.ts";
import type { System } from "./system.ts";
import { asWrittenTask, writtenAnswers } from "./written_answers.ts";

/** How benchmarks are asked. */
export interface PlanOptions {
  /** The folder that holds the benchmarks' folders. */
  readonly data: string;
  /** Continuations with examples (base models), chats without (after post-training), or the perplexity of right answers. */
  readonly mode: "completion" | "chat" | "perplexity";
  /** Examples before each question; absent: the benchmark's own number. */
  readonly shots?: number;
  /** Only the first questions: of each group, where a benchmark has groups. */
  readonly limit?: number;
  /** Answers to each question; absent: the benchmark's own number. */
  readonly samples?: number;
  /** Most new tokens of an answer; absent: the benchmark's own number. */
  readonly maxNewTokens?: number;
  readonly seed: number;
}

/**
 * Benchmarks by name, with commas between; "commonsense" is the eight of the paper's average, "all" every one.
 *
 * @throws {UsageError} for an unknown name.
 */
export function namedTasks(names: string): Task[] {
  return names.split(",").flatMap((name) =>
    name === "commonsense" ? COMMONSENSE : name === "all" ? TASKS : [findTask(name)]
  );
}

/**
 * Reads a benchmark and its examples, and plans how the system is asked.
 *
 * @throws {UsageError} where files are missing or malformed, or the system cannot be asked so.
 */
export async function planProtocol(
  task: Task,
  { data, mode, limit = Infinity, ...options }: PlanOptions,
  system: System,
  sandboxes: Sandboxes,
): Promise<Protocol> {
  const read = async <Any extends Task>(task: Any) => {
    const all = await readItems(task, data);
    return { items: firstOf(all, limit), available: all.length };
  };
  if (mode === "perplexity") {
    const { items, available } = await read(task);
    return { ...goldPerplexity(task, items, system), available };
  }
  const shots = mode === "chat" ? 0 : options.shots ?? task.shots;
  const examples = await readExamples(task, data, shots);
  if (task.kind === "multiple choice" && mode === "completion") {
    const { items, available } = await read(task);
    return { ...multipleChoice(task, items, examples, shots, system), available };
  }
  const written = task.kind === "multiple choice" ? asWrittenTask(task) : task;
  const { items, available } = await read(written);
  const settings = { ...options, style: mode, shots };
  return { ...writtenAnswers(written, items, examples, settings, system, sandboxes), available };
}

/** The first items of each group. */
export function firstOf<Item extends { readonly group?: string }>(
  items: readonly Item[],
  limit: number,
): Item[] {
  const taken = new Map<string | undefined, number>();
  return items.filter(({ group }) => {
    const before = taken.get(group) ?? 0;
    taken.set(group, before + 1);
    return before < limit;
  });
}
