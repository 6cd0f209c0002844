/**
 * The project's own checks: what `deno task test` and `deno task ok` are made of.
 * @module
 */
import { join } from "node:path";
import { exists } from "../core/artefacts.ts";
import { UsageError } from "../core/errors.ts";
import { formatDuration, startProgress } from "../core/progress.ts";
import { readNotebook } from "./notebook.ts";
import { findNotebooks, testNotebooks } from "./notebook_check.ts";
import { testModule } from "./notebook_module.ts";
import { prepareWebGpu } from "./setup.ts";
import { runProcess } from "./subprocess.ts";

/** What a check found. */
export interface Outcome {
  readonly passed: number;
  readonly failed: number;
  /** What it said, shown where something failed. */
  readonly output: string;
  /** What could not run, why, and the command that would help. */
  readonly notRun?: readonly string[];
}

/** A check by its name. */
export interface Check {
  readonly name: string;
  run(signal: AbortSignal): Promise<Outcome>;
}

/** An outcome with its check's name and time. */
export interface CheckResult extends Outcome {
  readonly name: string;
  readonly seconds: number;
}

/** Rooms with TypeScript; AssemblyScript looks like it but has types of its own. */
const ROOMS = ["kernels", "lib", "tasks", "tests"];
const ASSEMBLY_SCRIPT = "kernels/wasm/assembly";

/** Tests that need an adapter. */
const WEBGPU_TESTS = [
  "tests/kernels/webgpu",
  "tests/kernels/bench/gpu_test.ts",
  "tests/backends",
  "tests/mixture/datainf_test.ts",
  "tests/train/grpo/objective_test.ts",
];

/** Solutions in code of each benchmark that a check runs: all of them take ten minutes, by `deno task test:benchmarks`. */
const BENCHMARK_PAIRS = 40;

/** All checks of the project at `root`. */
export function projectChecks(root: string): Check[] {
  const deno = (...args: string[]) => (signal: AbortSignal) => runDeno(root, args, signal);
  return [
    { name: "format", run: deno("fmt", "--check") },
    { name: "lint", run: deno("lint", "--quiet") },
    { name: "types", run: async (signal) => await deno("check", "--quiet", ...await modules(root))(signal) },
    { name: "lock", run: deno("install", "--frozen", "--quiet") },
    { name: "wasm", run: deno("run", "-A", "kernels/wasm/build.ts", "--check") },
    { name: "unit", run: (signal) => runUnitTests(root, signal) },
    {
      name: "docs",
      run: (signal) => runTests(root, ["--doc", `--ignore=${ASSEMBLY_SCRIPT}`, "kernels", "lib"], signal),
    },
    { name: "promotion", run: deno("run", "-A", "tasks/promote.ts", "--check") },
    { name: "notebooks", run: (signal) => runNotebooks(root, signal) },
    { name: "notebook-types", run: (signal) => checkNotebooks(root, signal) },
  ];
}

/** Readers, graders and the sandbox on the published files in a folder. */
export function benchmarksCheck(root: string, data: string): Check {
  return {
    name: "benchmarks",
    async run(signal) {
      const result = await runProcess(
        Deno.execPath(),
        ["run", "-A", "tasks/test_benchmarks.ts", "--data", data, "--pairs", String(BENCHMARK_PAIRS)],
        { cwd: root, env: { NO_COLOR: "1" }, signal },
      );
      const output = result?.output ?? "";
      const [, passed = "0", failed = "1"] = output.match(/^(\d+) passed, (\d+) failed$/m) ?? [];
      return { passed: Number(passed), failed: Number(failed), output };
    },
  };
}

/**
 * Picks checks by name.
 *
 * @throws {UsageError} where a name is none of theirs.
 */
export function pickChecks(checks: readonly Check[], names: readonly string[]): Check[] {
  return names.map((name) => {
    const check = checks.find((each) => each.name === name);
    if (check) return check;
    throw new UsageError(
      `There is no part "${name}"; there are ${checks.map((each) => each.name).join(", ")}.`,
    );
  });
}

/**
 * Runs checks one after the other, all of them whatever fails; each says on standard error how it went.
 */
export async function runChecks(checks: readonly Check[], signal: AbortSignal): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const check of checks) {
    console.error(`${check.name} …`);
    const started = performance.now();
    const outcome = await check.run(signal).catch((error): Outcome => {
      signal.throwIfAborted();
      return { passed: 0, failed: 1, output: Deno.inspect(error) };
    });
    const result = { name: check.name, seconds: (performance.now() - started) / 1000, ...outcome };
    if (result.failed > 0) console.error(result.output);
    console.error(describe(result));
    results.push(result);
  }
  return results;
}

/** "unit: 12 passed, 0 failed, 3s". */
function describe({ name, passed, failed, seconds }: CheckResult): string {
  return `${name}: ${passed} passed, ${failed} failed, ${formatDuration(seconds)}`;
}

/** Every test; without the kernels' where WebGPU has no adapter and none can be had. */
async function runUnitTests(root: string, signal: AbortSignal): Promise<Outcome> {
  const missing = await prepareWebGpu({ signal });
  if (missing === null) return await runTests(root, ["--no-check", "tests"], signal);
  const outcome = await runTests(root, ["--no-check", `--ignore=${WEBGPU_TESTS.join()}`, "tests"], signal);
  return { ...outcome, notRun: [`the WebGPU kernels: ${missing.reason} ${missing.command}`] };
}

/** A subcommand of `deno` as one check. */
async function runDeno(root: string, args: readonly string[], signal: AbortSignal): Promise<Outcome> {
  const result = await runProcess(Deno.execPath(), args, { cwd: root, env: { NO_COLOR: "1" }, signal });
  const passed = result?.code === 0;
  return { passed: Number(passed), failed: Number(!passed), output: result?.output ?? "" };
}

/** `deno test`, with each of its tests counted. */
async function runTests(root: string, args: readonly string[], signal: AbortSignal): Promise<Outcome> {
  const progress = startProgress("tests", 0, "tests");
  let ended = 0, module = "";
  const result = await runProcess(Deno.execPath(), ["test", "-A", ...args], {
    cwd: root,
    env: { NO_COLOR: "1" },
    signal,
    onLine(line) {
      module = line.match(/^running \d+ tests? from (.*)$/)?.[1] ?? module;
      if (/ \.\.\. (ok|FAILED|ignored)/.test(line)) progress.update(++ended, module);
    },
  });
  progress.finish();
  const output = result?.output ?? "";
  return { ...parseTestSummary(output, result?.code ?? 1), output };
}

/**
 * Reads the last line of `deno test`: "ok | 12 passed (3 steps) | 1 failed | 2 ignored (4s)".
 * A run that failed without a failed test, or that ran none, counts as one failure.
 *
 * @param code The exit code of `deno test`.
 *
 * @example
 * ```ts
 * import { parseTestSummary } from "./checks.ts";
 * import assert from "node:assert/strict";
 * assert.deepEqual(parseTestSummary("ok | 12 passed (3 steps) | 0 failed (1s)", 0), { passed: 12, failed: 0 });
 * assert.deepEqual(parseTestSummary("error: Module not found", 1), { passed: 0, failed: 1 });
 * ```
 */
export function parseTestSummary(output: string, code: number): { passed: number; failed: number } {
  // The last one: a test may print such a line itself.
  const summary = [...output.matchAll(/^(?:ok|FAILED) \| (\d+) passed.*? \| (\d+) failed/gm)].at(-1);
  const [passed, failed] = [Number(summary?.[1] ?? 0), Number(summary?.[2] ?? 0)];
  const unexplained = failed === 0 && (code !== 0 || passed === 0);
  return { passed, failed: unexplained ? 1 : failed };
}

/** Both tests of every notebook. */
async function runNotebooks(root: string, signal: AbortSignal): Promise<Outcome> {
  const { tests, missing } = await testNotebooks(await findNotebooks(root), root, {
    update: false,
    signal,
  });
  const failures = tests.filter((test) => !test.passed);
  return {
    passed: tests.length - failures.length,
    failed: failures.length,
    output: failures.map(({ notebook, kind, output }) => `${notebook} (${kind}):\n${output}`).join("\n"),
    notRun: missing ? [`the notebooks in Jupyter: ${missing.reason} ${missing.command}`] : [],
  };
}

/** The types of every notebook's code. */
async function checkNotebooks(root: string, signal: AbortSignal): Promise<Outcome> {
  let passed = 0;
  const failures: string[] = [];
  for (const path of await findNotebooks(root)) {
    const result = await testModule(await readNotebook(path), path, root, { run: false, signal });
    if (result.passed) passed++;
    else failures.push(result.output);
  }
  return { passed, failed: failures.length, output: failures.join("\n") };
}

/** Every TypeScript module of the project, sorted. */
async function modules(root: string): Promise<string[]> {
  const found: string[] = [];
  const walk = async (directory: string) => {
    if (directory === ASSEMBLY_SCRIPT || !await exists(join(root, directory))) return;
    for await (const entry of Deno.readDir(join(root, directory))) {
      const path = `${directory}/${entry.name}`;
      if (entry.isDirectory) await walk(path);
      else if (path.endsWith(".ts")) found.push(path);
    }
  };
  for (const room of ROOMS) await walk(room);
  return found.sort();
}
