import assert from "node:assert/strict";
import { join, resolve } from "node:path";
import { UsageError } from "../../lib/core/errors.ts";
import { NOTEBOOK_FLAGS, notebookTask } from "../../lib/pipeline/notebook_task.ts";
import { projectRoot } from "../../lib/pipeline/setup.ts";

/** Calls with flags in the environment. */
function withFlags<T>(flags: string, work: () => T): T {
  Deno.env.set(NOTEBOOK_FLAGS, flags);
  try {
    return work();
  } finally {
    Deno.env.delete(NOTEBOOK_FLAGS);
  }
}

Deno.test("notebookTask() takes a run's flags, the environment's last, and the folder of the project's runs", () => {
  const { options } = withFlags(
    '--run other --set seed=2 sources=["three"]',
    () => notebookTask("--recipe demo --run demo --set seed=1"),
  );
  assert.deepEqual([options.recipe, options.run, options.estimate], ["demo", "other", false]);
  assert.deepEqual(options.set, ["seed=1", "seed=2", 'sources=["three"]']);
  assert.equal(resolve(options.root ?? ""), join(projectRoot, "runs"));
});

Deno.test("notebookTask() refuses a flag that no task has", () => {
  assert.throws(
    () => withFlags("", () => notebookTask("--fast")),
    (error) =>
      error instanceof UsageError &&
      /^The notebook's flags "--fast": error: unknown option '--fast'/.test(error.message),
  );
});
