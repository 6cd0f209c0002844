/**
 * `deno task test`: types, unit tests, the documentation's examples, promoted tasks and the notebooks, with all the set-up that they need.
 * The last line reads "N passed, N failed". What could not run is named; with CI=true it counts as failed.
 * @module
 */
import { runTask, taskCommand, type TaskContext } from "../lib/core/command.ts";
import {
  benchmarksCheck,
  type CheckResult,
  pickChecks,
  projectChecks,
  runChecks,
} from "../lib/pipeline/checks.ts";
import { projectRoot } from "../lib/pipeline/setup.ts";

const PARTS = ["types", "unit", "docs", "promotion", "notebooks"];

const command = taskCommand(
  "test",
  "Types, unit tests, the documentation's examples, promoted tasks and the notebooks.",
)
  .option("--only <parts>", `some of ${PARTS.join(",")}`)
  .option(
    "--benchmarks <directory>",
    "also test:benchmarks, on a part of its programs, with the published files in there",
  );

async function main(
  { only, benchmarks }: { only?: string; benchmarks?: string },
  { signal, print }: TaskContext,
): Promise<void> {
  const names = only?.split(",") ?? PARTS;
  const checks = pickChecks(projectChecks(projectRoot).filter(({ name }) => PARTS.includes(name)), names);
  if (benchmarks !== undefined) checks.push(benchmarksCheck(projectRoot, benchmarks));
  const parts = await runChecks(checks, signal);
  const notRun = parts.flatMap((part) => part.notRun ?? []);
  const strict = Deno.env.get("CI") === "true";
  const passed = sum(parts, "passed"), failed = sum(parts, "failed") + (strict ? notRun.length : 0);
  print(
    { passed, failed, notRun, parts: parts.map(({ output: _, ...part }) => part) },
    () => [...notRun.map((what) => `Not run: ${what}`), `${passed} passed, ${failed} failed`].join("\n"),
  );
  if (failed > 0) Deno.exit(1);
}

function sum(parts: readonly CheckResult[], key: "passed" | "failed"): number {
  return parts.reduce((total, part) => total + part[key], 0);
}

// `deno test` takes this file for a test by its name and imports it: it must not start all over.
if (import.meta.main) await runTask(command, main);
