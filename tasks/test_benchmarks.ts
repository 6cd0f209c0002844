/**
 * `deno task test:benchmarks --data DIR`: readers, graders and sandbox on the real files.
 * @module
 */
import { table } from "arquero";
import { Sandboxes } from "../lib/benchmarks/sandboxes.ts";
import { TASKS } from "../lib/benchmarks/tasks.ts";
import { formatTable } from "../lib/catalog/text_table.ts";
import { runTask, taskCommand } from "../lib/core/command.ts";
import { UsageError } from "../lib/core/errors.ts";
import { type BenchmarkCheck, checkBenchmark, hasFiles } from "../lib/eval/check_benchmarks.ts";
import { namedTasks } from "../lib/eval/plan.ts";

const command = taskCommand("test:benchmarks", "Readers, graders and sandbox on the real benchmark files.")
  .usage("--data DIRECTORY [options]")
  .requiredOption("--data <directory>", "the folder that holds the benchmarks' folders")
  .option("--tasks <names>", "benchmarks with commas between; by default all whose files are there")
  .option(
    "--pairs <number>",
    "run so many solutions in code and their mutants at most, of each benchmark",
    Number,
  );

interface Options {
  readonly data: string;
  readonly tasks?: string;
  readonly pairs?: number;
}

await runTask<Options>(command, async ({ data, tasks, pairs = Infinity }, { signal, print }) => {
  if (!(pairs >= 1)) throw new UsageError(`--pairs is ${pairs}, expected a number above 0.`);
  await using sandboxes = new Sandboxes();
  const checks: BenchmarkCheck[] = [], missing: string[] = [];
  for (const task of tasks === undefined ? TASKS : namedTasks(tasks)) {
    signal.throwIfAborted();
    if (tasks === undefined && !await hasFiles(task, data)) {
      missing.push(task.name);
      continue;
    }
    const check = await checkBenchmark(task, data, sandboxes, pairs);
    checks.push(check);
    console.error(
      `${check.task}: ${check.items} items, ${check.judged} judged, ${check.wrong.length} wrong, ${
        check.seconds.toFixed(1)
      } s`,
    );
  }
  const failed = checks.reduce((sum, { wrong }) => sum + wrong.length, 0);
  const passed = checks.reduce((sum, { judged }) => sum + judged, 0) - failed;
  print({ passed, failed, checks, missing }, () =>
    [
      formatTable(table({
        task: checks.map(({ task }) => task),
        items: checks.map(({ items }) => items),
        judged: checks.map(({ judged }) => judged),
        wrong: checks.map(({ wrong }) => wrong.length),
        seconds: checks.map(({ seconds }) => Number(seconds.toFixed(1))),
      })),
      ...checks.filter(({ wrong }) => wrong.length > 0).map(({ task, wrong }) =>
        `${task}: ${wrong.join(", ")}`
      ),
      ...(missing.length > 0 ? [`No files: ${missing.join(", ")}`] : []),
      `${passed} passed, ${failed} failed`,
    ].join("\n"));
  if (failed > 0) Deno.exit(1);
});
