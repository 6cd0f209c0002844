/**
 * `deno task ok`: the one gate. Format, lint, types, the lock file, the compiled kernels, every test, the notebooks' types.
 * @module
 */
import { runTask, taskCommand } from "../lib/core/command.ts";
import { formatDuration } from "../lib/core/progress.ts";
import { pickChecks, projectChecks, runChecks } from "../lib/pipeline/checks.ts";
import { projectRoot } from "../lib/pipeline/setup.ts";

const PARTS = ["format", "lint", "types", "lock", "wasm", "unit", "docs", "promotion", "notebook-types"];

const command = taskCommand("ok", "The one gate before a commit.")
  .option("--only <parts>", `some of ${PARTS.join(",")}`);

await runTask<{ only?: string }>(command, async ({ only }, { signal, print }) => {
  const checks = pickChecks(projectChecks(projectRoot), only?.split(",") ?? PARTS);
  const results = await runChecks(checks, signal);
  const failed = results.filter((result) => result.failed > 0).map((result) => result.name);
  const seconds = results.reduce((total, result) => total + result.seconds, 0);
  print(
    { ok: failed.length === 0, failed, parts: results.map(({ output: _, ...result }) => result) },
    () =>
      failed.length === 0
        ? `ok, ${formatDuration(seconds)}`
        : `not ok: ${failed.join(", ")}, ${formatDuration(seconds)}`,
  );
  if (failed.length > 0) Deno.exit(1);
});
