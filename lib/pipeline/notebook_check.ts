/**
 * Notebooks are tested twice: as a module that is type-checked and run, and in Jupyter, whose outputs must be those in the file; a task
 * that was promoted from one must print what it prints.
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

/** One of a notebook's two tests. */
export interface NotebookTest {
  /** The notebook's path, relative to the project's root. */
  readonly notebook: string;
  readonly kind: "module" | "jupyter";
  readonly passed: boolean;
  /** What went wrong. */
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
 * Tests notebooks, each in both ways, and sets Jupyter up where it may. Says on standard error what it is at.
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
      tests.push({ notebook: name, kind, passed: problem === null, output: problem ?? "", seconds });
    };
    await test("module", async () => {
      const env = { [NOTEBOOK_FLAGS]: TEST_FLAGS };
      const limits = { run: true, env, seconds: SECONDS_PER_MODULE, signal: options.signal };
      const { passed, output } = await testModule(notebook, path, root, limits);
      return passed ? null : output;
    });
    if ("python" in jupyter) {
      await test("jupyter", () => testInJupyter(notebook, path, root, jupyter.python, options));
    }
  }
  return { tests, missing: "python" in jupyter ? null : jupyter };
}

/** What is wrong with the notebook in Jupyter. */
async function testInJupyter(
  notebook: Notebook,
  path: string,
  root: string,
  python: string,
  { update, signal }: NotebookOptions,
): Promise<string | null> {
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
  if (update && differences.length === 0) {
    await writeNotebook(path, executed);
    // It has an order of keys of its own, which the format check wants.
    await runProcess(Deno.execPath(), ["fmt", "--quiet", path], { cwd: root });
  }
  if (differences.length === 0) {
    if (update || !isPromotable(notebook)) return null;
    const limits = { seconds: SECONDS_PER_MODULE, signal };
    return await compareTaskOutput(executed, name, root, TEST_FLAGS.split(" "), limits);
  }
  return [
    ...differences.map((difference) => `${name}, ${difference}`),
    "Where the new outputs are right: deno task test:notebooks --update",
  ].join("\n");
}
