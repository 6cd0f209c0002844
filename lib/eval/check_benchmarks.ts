/**
 * Whether readers, graders and sandbox hold on the real files: every item is read; every gold answer is accepted, and nothing and a wrong
 * choice are not; every solution in code passes its tests, and every mutant of it fails.
 * @module
 */
import {
  checkPairs,
  humanEvalJsPairs,
  humanEvalPairs,
  mbppPairs,
  type SolutionPair,
} from "../benchmarks/code/check.ts";
import { gradeLetter, LETTERS } from "../benchmarks/letters.ts";
import { streamItems } from "../benchmarks/read.ts";
import { hasBenchmarkFiles } from "../benchmarks/records.ts";
import type { Language } from "../benchmarks/sandbox/sandbox.ts";
import type { Sandboxes } from "../benchmarks/sandboxes.ts";
import type { ChoiceItem, GenerationItem, Task } from "../benchmarks/task.ts";

/** What was found about a benchmark. */
export interface BenchmarkCheck {
  readonly task: string;
  /** Items read, of the questions and of the examples. */
  readonly items: number;
  /** Gold answers, or pairs of a solution and a mutant, that were judged. */
  readonly judged: number;
  /** Ids of those judged wrongly. */
  readonly wrong: readonly string[];
  readonly seconds: number;
}

/** Solutions and mutants of the benchmarks that are judged by running. */
const PAIRS: Readonly<
  Record<string, { readonly language: Language; readonly read: (data: string) => Promise<SolutionPair[]> }>
> = {
  humaneval: { language: "python", read: humanEvalPairs },
  humaneval_js: { language: "javascript", read: humanEvalJsPairs },
  mbpp: { language: "python", read: mbppPairs },
};

/** Seconds of one program; other work on the machine must not make a right one wrong. */
const TIME_LIMIT = 120;

/** Whether there are files with a benchmark's questions. */
export function hasFiles({ files: { folders, test } }: Task, data: string): Promise<boolean> {
  return hasBenchmarkFiles(data, folders, test);
}

/**
 * Reads a whole benchmark and judges its gold answers.
 *
 * @param mostPairs Solutions in code that are run with their mutants at most, the first ones; running takes half a second each.
 * @throws {UsageError} where a record is in no known layout.
 */
export async function checkBenchmark(
  task: Task,
  data: string,
  sandboxes: Sandboxes,
  mostPairs = Infinity,
): Promise<BenchmarkCheck> {
  const started = performance.now();
  const { folders, examples, exampleFolders = folders } = task.files;
  const items: (ChoiceItem | GenerationItem)[] = await Array.fromAsync(streamItems(task, data, "test"));
  if (examples !== undefined && await hasBenchmarkFiles(data, exampleFolders, examples)) {
    items.push(...await Array.fromAsync(streamItems(task, data, "examples")));
  }
  const pairs = PAIRS[task.name];
  const judged = pairs === undefined
    ? await judgeGold(items, sandboxes)
    : await judgePairs((await pairs.read(data)).slice(0, mostPairs), await sandboxes.of(pairs.language));
  return { task: task.name, items: items.length, ...judged, seconds: (performance.now() - started) / 1000 };
}

type Judged = Pick<BenchmarkCheck, "judged" | "wrong">;

async function judgePairs(
  pairs: readonly SolutionPair[],
  sandbox: Awaited<ReturnType<Sandboxes["of"]>>,
): Promise<Judged> {
  const wrong = await checkPairs(pairs, sandbox, TIME_LIMIT);
  return {
    judged: pairs.length,
    wrong: wrong.map(({ id, program, outcome }) => `${id} (${program}: ${outcome.status})`),
  };
}

async function judgeGold(
  items: readonly (ChoiceItem | GenerationItem)[],
  sandboxes: Sandboxes,
): Promise<Judged> {
  const verdicts = await Promise.all(items.map((item) => holds(item, sandboxes)));
  return {
    judged: verdicts.filter((verdict) => verdict !== null).length,
    wrong: items.flatMap(({ id }, i) => verdicts[i] === false ? [id] : []),
  };
}

/** Whether an item's gold answer is right and another is not; null where no answer is written out. */
async function holds(item: ChoiceItem | GenerationItem, sandboxes: Sandboxes): Promise<boolean | null> {
  if ("contexts" in item) {
    const { gold, options } = item;
    const says = (choice: number) => gradeLetter(`The answer is (${LETTERS[choice]}).`, item).correct;
    return says(gold) && !says((gold + 1) % options.length);
  }
  if (item.target === null) return null;
  const { correct } = await item.grade(item.target, "completion", sandboxes);
  return correct && !(await item.grade("", "completion", sandboxes)).correct;
}
