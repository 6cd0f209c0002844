/**
 * A benchmark's items and its few-shot examples.
 * @module
 */
import { UsageError } from "../core/errors.ts";
import { findBenchmarkFiles, readRecords } from "./records.ts";
import type { ChoiceItem, GenerationItem, Task } from "./task.ts";

/** What a task's items are. */
export type ItemOf<Any extends Task> = ReturnType<Any["item"]>;

/** Which of a benchmark's files: those with the questions asked, or those that examples are taken from. */
export type Part = "test" | "examples";

/**
 * Streams items in the order of their files' names and of the records within.
 *
 * @param data The folder that holds the benchmarks' folders.
 * @throws {UsageError} where there is no such file or a record is in no known layout.
 */
export async function* streamItems<Any extends Task>(
  task: Any,
  data: string,
  part: Part,
): AsyncGenerator<ItemOf<Any>> {
  const { folders, test, examples, exampleFolders = folders, isTest, isExample } = task.files;
  if (part === "examples" && examples === undefined) throw new UsageError(`${task.name} has no examples.`);
  const paths = part === "test" || examples === undefined
    ? await findBenchmarkFiles(data, folders, test)
    : await findBenchmarkFiles(data, exampleFolders, examples);
  const belongs = part === "test" ? isTest : isExample;
  for (const path of paths) {
    for await (const record of readRecords(path)) {
      if (isHeader(record.value)) continue;
      // A task's method gives its own kind of item.
      const item = task.item(record) as ItemOf<Any>;
      if (belongs?.(item.id) !== false) yield item;
    }
  }
}

/** Some CSV files of MMLU name their columns. */
function isHeader(value: unknown): boolean {
  return Array.isArray(value) && value[0] === "question" && value.at(-1) === "answer";
}

/** The questions of a benchmark. @throws {UsageError} as {@link streamItems}, where there are none, or where two have one id. */
export async function readItems<Any extends Task>(task: Any, data: string): Promise<ItemOf<Any>[]> {
  const items = await Array.fromAsync(streamItems(task, data, "test"));
  const ids = new Set<string>();
  for (const { id } of items) {
    if (ids.has(id)) throw new UsageError(`${data}: ${task.name} has the item "${id}" twice.`);
    ids.add(id);
  }
  if (items.length === 0) throw new UsageError(`${data}: ${task.name} has no items.`);
  return items;
}

/**
 * The first examples of a task, by group; "" where its items have none.
 *
 * @param count How many for each group.
 * @throws {UsageError} as {@link streamItems}, or where a group has fewer than `count`.
 */
export async function readExamples(task: Task, data: string, count: number): Promise<Map<string, string[]>> {
  const examples = new Map<string, string[]>();
  if (count === 0) return examples;
  for await (const item of streamItems(task, data, "examples")) {
    const group = examples.get(item.group ?? "") ?? [];
    if (group.length < count) examples.set(item.group ?? "", [...group, exampleText(task, item)]);
    // Other groups may follow, but only where there are groups.
    else if (item.group === undefined) break;
  }
  for (const [group, texts] of examples) {
    if (texts.length < count) {
      throw new UsageError(
        `${task.name}${group && ` (${group})`} has ${texts.length} examples, expected ${count}.`,
      );
    }
  }
  return examples;
}

/** A question with its right answer. */
function exampleText(task: Task, item: ChoiceItem | GenerationItem): string {
  const answer = rightAnswer(item);
  if (answer === null) throw new UsageError(`${task.name} has no worked examples.`);
  return answer.context + answer.continuation;
}

/** The right answer to an item, with the space before it, and what stands before that; null where none is written out. */
export function rightAnswer(
  item: ChoiceItem | GenerationItem,
): { readonly context: string; readonly continuation: string } | null {
  if ("contexts" in item) {
    return { context: contextOf(item, item.gold), continuation: ` ${item.choices[item.gold]}` };
  }
  return item.target === null ? null : { context: item.prompt, continuation: item.target };
}

/** What stands before a choice. */
export function contextOf({ contexts }: ChoiceItem, choice: number): string {
  // Every item has at least one context.
  return contexts[choice] ?? contexts[0] as string;
}

/** What stands before an item's own prompt: the preamble and the examples, each with the separator after it. */
export function fewShotPrefix(
  { preamble, separator = "\n\n" }: Task,
  item: ChoiceItem | GenerationItem,
  examples: ReadonlyMap<string, readonly string[]>,
): string {
  const own = examples.get(item.group ?? "") ?? [];
  return (preamble?.(item) ?? "") + own.map((example) => example + separator).join("");
}
