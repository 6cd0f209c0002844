import assert from "node:assert/strict";
import { join } from "node:path";
import { RunError, UsageError } from "../../../lib/core/errors.ts";
import { type Notebook, writeNotebook } from "../../../lib/pipeline/notebook.ts";
import {
  driftOf,
  orphanedTasks,
  planPromotion,
  planPromotions,
  promotionDifference,
  writePromotion,
} from "../../../lib/pipeline/promotion/promote.ts";
import { runProcess } from "../../../lib/pipeline/subprocess.ts";

/** Stands for the project: the modules that every promoted task imports, without what they need. */
const PROJECT = {
  "deno.json": "{}",
  "lib/core/command.ts": `
    export async function runTask<O>(flags: O, action: (options: O, context: { print(x: unknown): void }) => Promise<void>) {
      await action(flags, { print: (x) => console.log(JSON.stringify(x)) });
    }`,
  "lib/pipeline/run_command.ts": `
    export interface RunOptions { readonly estimate: boolean }
    interface Flags { readonly estimate: boolean; readonly factor: number }
    export interface Command extends Flags { option(flag: string, ...rest: unknown[]): Command }
    export function runCommand(_name: string, _description: string): Command {
      const command = { estimate: Deno.args.includes("--estimate"), factor: 0, option(_flag: string, ...rest: unknown[]) {
        return { ...command, factor: Number(rest.at(-1)) };
      } };
      return command;
    }`,
  "lib/pipeline/promotion/flags.ts": "export const numberFlag = Number;",
  "lib/double.ts": "export const double = (x: number) => 2 * x;\nexport const unused = 1;",
};

function cell(id: string, source: string, ...tags: string[]): Notebook["cells"][number] {
  return { cell_type: "code", id, source, metadata: { tags }, outputs: [], execution_count: null };
}

function notebook(result = "triple(double(factor))"): Notebook {
  return {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { promotion: { task: "trial", description: "A trial" } },
    cells: [
      cell("parameters", "/** What it is multiplied with. */\nconst factor = 7;", "parameters"),
      cell("imports", `import { double, unused } from "../lib/double.ts";\nunused;`),
      cell("guess", "print(10 * factor);", "promote", "estimate"),
      cell("result", `print(${result});\n\nfunction triple(x: number) {\n  return 3 * x;\n}`, "promote"),
    ],
  };
}

/** A project with one notebook. */
async function project(content: Notebook) {
  const root = await Deno.makeTempDir();
  for (const [path, text] of Object.entries(PROJECT)) {
    await Deno.mkdir(join(root, path, ".."), { recursive: true });
    await Deno.writeTextFile(join(root, path), text);
  }
  await Deno.mkdir(join(root, "tasks"));
  await Deno.mkdir(join(root, "notebooks"));
  const path = join(root, "notebooks", "09_trial.ipynb");
  await writeNotebook(path, content);
  return {
    root,
    path,
    file: join(root, "tasks", "trial.ts"),
    promote: async (force = false) => writePromotion(await planPromotion(path, root), root, force),
    drift: async () => driftOf(await planPromotion(path, root))?.reason ?? null,
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

Deno.test("writePromotion() makes a task of tagged cells, which does what they do", async () => {
  await using trial = await project(notebook());
  assert.equal(await trial.promote(), true);
  assert.equal(await trial.promote(), false);
  const text = await Deno.readTextFile(trial.file);
  assert.match(text, /`deno task trial`: A trial\./);
  assert.match(text, /Promoted from notebooks\/09_trial\.ipynb/);
  assert.match(text, /Cells: parameters, guess, result\./);
  assert.match(text, /import \{ double \} from "\.\.\/lib\/double\.ts";/);
  assert.match(text, /\.option\("--factor <number>", "What it is multiplied with\.", numberFlag, 7\)/);
  const run = async (...flags: string[]) =>
    (await runProcess(Deno.execPath(), ["run", "-A", trial.file, ...flags]))?.stdout;
  assert.equal(await run(), "42");
  assert.equal(await run("--estimate"), "70");
});

Deno.test("driftOf() tells an edited task from a changed notebook, with cell and line", async () => {
  await using trial = await project(notebook());
  assert.match(await trial.drift() ?? "", /tasks\/trial\.ts is not there/);
  await trial.promote();
  assert.equal(await trial.drift(), null);

  const text = await Deno.readTextFile(trial.file);
  await Deno.writeTextFile(trial.file, text.replace("return 3 * x", "return 4 * x"));
  const line = text.split("\n").findIndex((each) => each.includes("return 3 * x")) + 1;
  const edited =
    `tasks/trial.ts was edited since its promotion: tasks/trial.ts differs from notebooks/09_trial.ipynb in cell result, line ${line}.`;
  assert.equal(await trial.drift(), edited);

  await Deno.writeTextFile(trial.file, text);
  await writeNotebook(trial.path, notebook("double(factor)"));
  assert.match(
    await trial.drift() ?? "",
    /^notebooks\/09_trial\.ipynb was changed since its promotion: .* in cell result, line/,
  );
});

Deno.test("driftOf() sees another parameter", async () => {
  await using trial = await project(notebook());
  await trial.promote();
  const changed = notebook();
  changed.cells[0] = cell(
    "parameters",
    "/** What it is multiplied with. */\nconst factor = 8;",
    "parameters",
  );
  await writeNotebook(trial.path, changed);
  assert.match(await trial.drift() ?? "", /above its first cell, line \d+/);
  await trial.promote();
  assert.match(await Deno.readTextFile(trial.file), /numberFlag, 8\)/);
});

Deno.test("writePromotion() never overwrites silently what a person wrote", async () => {
  await using trial = await project(notebook());
  await Deno.writeTextFile(trial.file, "// Mine.\n");
  await assert.rejects(
    trial.promote(),
    (error) => error instanceof UsageError && /was written by hand/.test(error.message),
  );
  assert.equal(await trial.promote(true), true);
  await Deno.writeTextFile(trial.file, `${await Deno.readTextFile(trial.file)}// Mine.\n`);
  await assert.rejects(
    trial.promote(),
    (error) =>
      error instanceof UsageError &&
      /was edited since its promotion from notebooks\/09_trial\.ipynb/.test(error.message),
  );
  const difference = promotionDifference(await planPromotion(trial.path, trial.root));
  assert.match(difference, /^--- file\/tasks\/trial\.ts\n\+\+\+ notebook\/tasks\/trial\.ts\n@@ /);
  assert.deepEqual(difference.split("\n").filter((line) => /^[-+](?![-+])/.test(line)), ["-// Mine."]);
  assert.equal(await trial.promote(true), true);
  assert.equal(promotionDifference(await planPromotion(trial.path, trial.root)), "");
});

Deno.test("writePromotion() refuses code with a type error and leaves the task as it was", async () => {
  await using trial = await project(notebook());
  await trial.promote();
  const before = await Deno.readTextFile(trial.file);
  await writeNotebook(trial.path, notebook(`triple("x")`));
  await assert.rejects(
    trial.promote(),
    (error) => error instanceof RunError && /not assignable/.test(error.message),
  );
  assert.equal(await Deno.readTextFile(trial.file), before);
  assert.deepEqual(Array.from(Deno.readDirSync(join(trial.root, "tasks")), ({ name }) => name), ["trial.ts"]);
});

Deno.test("planPromotion() names what is missing in a notebook; planPromotions() leaves those without tags alone", async () => {
  const { metadata: _, ...rest } = notebook();
  await using nameless = await project({ ...rest, metadata: {} });
  await assert.rejects(
    planPromotion(nameless.path, nameless.root),
    /does not say its task's name .* expected --name\./,
  );
  assert.equal((await planPromotion(nameless.path, nameless.root, "other")).file, "tasks/other.ts");
  await using untagged = await project({ ...notebook(), cells: [cell("a", "1")] });
  await assert.rejects(
    planPromotion(untagged.path, untagged.root),
    /No cell of notebooks\/09_trial\.ipynb is tagged promote/,
  );
  assert.deepEqual(await planPromotions(untagged.root), []);
});

Deno.test("planPromotion() refuses metadata and names that make no task", async () => {
  await using trial = await project({ ...notebook(), metadata: { promotion: { task: "trial" } } });
  await assert.rejects(
    planPromotion(trial.path, trial.root),
    (error) => error instanceof UsageError && /metadata's promotion\.description: /.test(error.message),
  );
  await using other = await project(notebook());
  await assert.rejects(
    planPromotion(other.path, other.root, "../trial"),
    new UsageError(
      'The task of notebooks/09_trial.ipynb is "../trial", expected a name of small letters and _.',
    ),
  );
});

Deno.test("orphanedTasks() finds the task whose notebook is gone", async () => {
  await using trial = await project(notebook());
  await trial.promote();
  await Deno.writeTextFile(join(trial.root, "tasks", "other.ts"), "// Not promoted.\n");
  assert.deepEqual(await orphanedTasks(await planPromotions(trial.root), trial.root), []);
  await Deno.remove(trial.path);
  const [orphan, ...more] = await orphanedTasks(await planPromotions(trial.root), trial.root);
  assert.deepEqual(more, []);
  assert.equal(
    orphan?.reason,
    "tasks/trial.ts was promoted from notebooks/09_trial.ipynb, which does not make it any more.",
  );
});
