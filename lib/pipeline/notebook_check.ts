/**
 * Notebooks are tested as a module that is type-checked and run, and in Jupyter, whose outputs must be those in the file; a task
 * that was promoted from one must print what it prints. None may take long.
 * @module
 */
import { basename, join, relative } from "node:path";
import { exists } from "../core/artefacts.ts";
import { RunError, UsageError } from "../core/errors.ts";
import { type Notebook, readNotebook, writeNotebook } from "./notebook.ts";
import { compareOutputs, executeNotebook } from "./notebook_execution.ts";
import { NOTEBOOK_FLAGS } from "./notebook_task.ts";
import { testModule } from "./notebook_module.ts";
import { isPromotable } from "./promotion/promoted_task.ts";
import { compareTaskOutput } from "./promotion/task_output.ts";
import { type Missing, prepareJupyter } from "./setup.ts";
import { runProcess } from "./subprocess.ts";

/** A cell of a notebook that takes longer than that is broken; a whole notebook's module gets as much for each cell. */
const SECONDS_PER_CELL = 120;
const SECONDS_PER_MODULE = 600;

/** What a notebook may take on the run of the tests. */
const NOTEBOOK_SECONDS = 40;

/** So many times longer is a failure, on a machine that others use too; before that it is said. */
const PATIENCE = 3;

/** With the demo's recipe, a cell may be a stage with all stages before it. */
const SECONDS_PER_UPDATE = 900;

/**
 * The run of the tests: real text, few and small models, so that all notebooks together take minutes. What is in the notebooks' files
 * comes from the demo's recipe; cells whose outputs depend on the run are tagged `varies`.
 */
export const TEST_FLAGS = [
  "--run notebooks",
  "--set",
  'sources=["stdlib-code","stdlib-math","freecodecamp-problems","moby-dick","spam-assassin"]',
  "probeTokens=4096",
  "curation.judge.steps=150 curation.judgedPerSource=60 curation.documentsPerSource=16",
  "proxy.length=64 proxy.model.width=32 proxy.model.headSize=32 proxy.model.feedForwardWidth=88",
  "leaveOneOut.steps=24 influence.steps=24 influence.length=64 comparison.steps=24",
  "model.width=64 model.heads=1 model.feedForwardWidth=192",
  "pretrain1.steps=40 pretrain1.warmupSteps=4 pretrain1.probeEvery=10",
  "pretrain2.steps=24 pretrain2.warmupSteps=4 pretrain2.probeEvery=8",
  "pretrain2.mixture=influence midtrain.steps=12 midtrain.probeEvery=6 midtrain.compression.documentsPerSource=6 sft.epochs=1",
].join(" ");

/** One of a notebook's tests. */
export interface NotebookTest {
  /** The notebook's path, relative to the project's root. */
  readonly notebook: string;
  readonly kind: "module" | "jupyter" | "task";
  readonly passed: boolean;
  /** What went wrong, or that it took long. */
  readonly output: string;
  readonly seconds: number;
}

/** How notebooks are tested. */
export interface NotebookOptions {
  /** Writes the outputs of the execution into the notebooks instead of comparing them. */
  readonly update: boolean;
  readonly signal: AbortSignal;
}

/**
 * The notebooks of the project.
 *
 * @param names "01_corpus", or its path; all where there are none.
 * @returns Paths, sorted.
 * @throws {UsageError} where a name is no notebook's.
 */
export async function findNotebooks(root: string, names: readonly string[] = []): Promise<string[]> {
  const directory = join(root, "notebooks");
  const all: string[] = [];
  for await (const entry of Deno.readDir(directory)) {
    if (entry.name.endsWith(".ipynb")) all.push(join(directory, entry.name));
  }
  all.sort();
  if (names.length === 0) return all;
  const known = new Map(all.map((path) => [basename(path, ".ipynb"), path]));
  return await Promise.all(names.map(async (name) => {
    const path = known.get(name) ?? name;
    if (path.endsWith(".ipynb") && await exists(path)) return path;
    throw new UsageError(`There is no notebook "${name}"; there are ${[...known.keys()].join(", ")}.`);
  }));
}

/**
 * What is to be said of a test's time; `failed`: it is past all patience.
 *
 * @example
 * ```ts
 * import { lateness } from "./notebook_check.ts";
 * import assert from "node:assert/strict";
 * assert.equal(lateness(40), null);
 * assert.deepEqual(lateness(41.2), { failed: false, message: "It took 41 s; a notebook may take 40 s." });
 * assert.equal(lateness(121)?.failed, true);
 * ```
 */
export function lateness(seconds: number): { failed: boolean; message: string } | null {
  if (seconds <= NOTEBOOK_SECONDS) return null;
  return {
    failed: seconds > PATIENCE * NOTEBOOK_SECONDS,
    message: `It took ${seconds.toFixed(0)} s; a notebook may take ${NOTEBOOK_SECONDS} s.`,
  };
}

/**
 * Tests notebooks, each in every way, and sets Jupyter up where it may. Says on standard error what it is at.
 *
 * @returns The tests that ran, and what was missing for those in Jupyter.
 */
export async function testNotebooks(
  paths: readonly string[],
  root: string,
  options: NotebookOptions,
): Promise<{ tests: NotebookTest[]; missing: Missing | null }> {
  const tests: NotebookTest[] = [];
  const jupyter = await prepareJupyter(root, options);
  for (const path of paths) {
    const notebook = await readNotebook(path);
    const name = relative(root, path);
    const test = async (kind: NotebookTest["kind"], work: () => Promise<string | null>) => {
      console.error(`${name} (${kind}) …`);
      const started = performance.now();
      const problem = await work();
      const seconds = (performance.now() - started) / 1000;
      // With the demo's recipe, a notebook may have to make the whole run.
      const late = options.update ? null : lateness(seconds);
      tests.push({
        ...{ notebook: name, kind, seconds },
        passed: problem === null && !late?.failed,
        output: [problem, late?.message].filter((text) => text != null).join("\n"),
      });
    };
    await test("module", async () => {
      const env = { [NOTEBOOK_FLAGS]: TEST_FLAGS };
      const limits = { run: true, env, seconds: SECONDS_PER_MODULE, signal: options.signal };
      const { passed, output } = await testModule(notebook, path, root, limits);
      return passed ? null : output;
    });
    if (!("python" in jupyter)) continue;
    let executed = notebook;
    await test("jupyter", async () => {
      const result = await testInJupyter(notebook, path, root, jupyter.python, options);
      if (typeof result === "string") return result;
      executed = result;
      return null;
    });
    if (options.update || executed === notebook || !isPromotable(notebook)) continue;
    await test("task", () => {
      const limits = { seconds: SECONDS_PER_MODULE, signal: options.signal };
      return compareTaskOutput(executed, name, root, TEST_FLAGS.split(" "), limits);
    });
  }
  return { tests, missing: "python" in jupyter ? null : jupyter };
}

/** The notebook as Jupyter left it, or what is wrong. */
async function testInJupyter(
  notebook: Notebook,
  path: string,
  root: string,
  python: string,
  { update, signal }: NotebookOptions,
): Promise<Notebook | string> {
  const name = relative(root, path);
  let executed: Notebook;
  try {
    // Files are written from the recipe that the notebook itself names.
    const env: Record<string, string> = update ? {} : { [NOTEBOOK_FLAGS]: TEST_FLAGS };
    const limits = { secondsPerCell: update ? SECONDS_PER_UPDATE : SECONDS_PER_CELL, env, signal };
    executed = await executeNotebook(notebook, path, python, limits);
  } catch (error) {
    if (error instanceof RunError) return `${name}: ${error.message}`;
    throw error;
  }
  const differences = compareOutputs(update ? executed : notebook, executed);
  if (differences.length > 0) {
    return [
      ...differences.map((difference) => `${name}, ${difference}`),
      "Where the new outputs are right: deno task test:notebooks --update",
    ].join("\n");
  }
  if (update) {
    await writeNotebook(path, executed);
    // It has an order of keys of its own, which the format check wants.
    await runProcess(Deno.execPath(), ["fmt", "--quiet", path], { cwd: root });
  }
  return executed;
}
