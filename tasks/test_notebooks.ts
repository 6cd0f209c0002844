/**
 * `deno task test:notebooks [names]`: each notebook as a module, type-checked and run, and in Jupyter with its outputs compared.
 * @module
 */
import { runTask, taskCommand } from "../lib/core/command.ts";
import { findNotebooks, type NotebookTest, testNotebooks } from "../lib/pipeline/notebook_check.ts";
import { projectRoot } from "../lib/pipeline/setup.ts";

const command = taskCommand("test:notebooks", "Each notebook as a TypeScript module, and in Jupyter.")
  .usage("[options] [names...]")
  .argument("[names...]", 'notebooks, as "01_corpus"; all by default')
  .option("--update", "write the outputs into the notebooks instead of comparing them");

await runTask<{ update?: true }>(command, async ({ update = false }, { signal, print }, names) => {
  const paths = await findNotebooks(projectRoot, names);
  const { tests, missing } = await testNotebooks(paths, projectRoot, { update, signal });
  const notRun = missing ? [`in Jupyter: ${missing.reason} ${missing.command}`] : [];
  const passed = tests.filter((test) => test.passed).length;
  const failed = tests.length - passed + (Deno.env.get("CI") === "true" ? notRun.length : 0);
  print({ passed, failed, notRun, tests }, () =>
    [
      ...tests.map(describe),
      ...notRun.map((what) => `Not run: ${what}`),
      `${passed} passed, ${failed} failed`,
    ].join("\n"));
  if (failed > 0) Deno.exit(1);
});

function describe({ notebook, kind, passed, output, seconds }: NotebookTest): string {
  const line = `${notebook} (${kind}): ${passed ? "ok" : "FAILED"}, ${seconds.toFixed(1)} s`;
  return output ? `${output}\n${line}` : line;
}
