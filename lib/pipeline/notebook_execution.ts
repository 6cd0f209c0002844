/**
 * A notebook in Jupyter itself, on the Deno kernel: run top to bottom, and its outputs compared with those in the file.
 * @module
 */
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { RunError } from "../core/errors.ts";
import { jupyterEnvironment } from "./lab.ts";
import { type CodeCell, codeCells, type Notebook, type Output } from "./notebook.ts";
import { type ProcessOptions, runProcess } from "./subprocess.ts";

const DRIVER = fileURLToPath(new URL("./execute_notebook.py", import.meta.url));

/** Characters of a line that a message quotes. */
const EXCERPT = 60;

/** A cell tagged so prints timings, or what else differs from run to run: only the kinds of its outputs are compared. */
const VARIES = "varies";

/**
 * Runs a notebook's cells in a fresh kernel that works in the notebook's directory, and stops at the first that fails.
 *
 * @param python The Python of the project's environment, see `prepareJupyter`.
 * @param limits Time for each cell.
 * @returns The notebook with its new outputs, without what stages say of their progress on standard error; cells after one that
 * failed have none.
 * @throws {RunError} where Jupyter or the kernel does not start.
 */
export async function executeNotebook(
  notebook: Notebook,
  path: string,
  python: string,
  limits: { secondsPerCell: number } & Pick<ProcessOptions, "env" | "signal">,
): Promise<Notebook> {
  const cells = codeCells(notebook);
  const { secondsPerCell, env = {}, ...signal } = limits;
  const result = await runProcess(python, [DRIVER], {
    ...signal,
    input: JSON.stringify({
      cells: cells.map((cell) => cell.source),
      directory: resolve(dirname(path)),
      seconds: secondsPerCell,
    }),
    env: {
      ...env,
      ...jupyterEnvironment(python),
      NO_COLOR: "1",
    },
  });
  if (result?.code !== 0) {
    throw new RunError(`Jupyter failed:\n${result?.output ?? `There is no ${python}.`}`);
  }
  const executed: Output[][] = result.stdout.split("\n").filter((line) => line !== "").map((line) =>
    JSON.parse(line)
  );
  let index = 0;
  return {
    ...notebook,
    cells: notebook.cells.map((cell) => {
      if (cell.cell_type !== "code") return cell;
      const outputs = executed[index++]?.filter((output) => !isProgress(output));
      return { ...cell, outputs: outputs ?? [], execution_count: outputs ? index : null };
    }),
  };
}

/** Progress and notes go to standard error, as in every task: whoever runs the notebook sees them, the file does not keep them. */
function isProgress(output: Output): boolean {
  return output.output_type === "stream" && output.name === "stderr";
}

/**
 * Says where an execution differs from what the notebook's file promises: a cell that failed, an output that is missing,
 * superfluous or another one. Every output counts: nothing is retried, nothing is forgiven.
 *
 * @param expected The notebook as it is in its file.
 * @param actual The same after `executeNotebook`.
 * @returns One sentence each, with the cell's number and, for a failure, the line of the compiled cell.
 */
export function compareOutputs(expected: Notebook, actual: Notebook): string[] {
  const before = codeCells(expected), after = codeCells(actual);
  const differences: string[] = [];
  for (const [index, cell] of after.entries()) {
    const name = `cell [${index + 1}]`;
    const error = cell.outputs.find((output) => output.output_type === "error");
    if (error) return [...differences, `${name} ${describeError(error)}`];
    const difference = compareCell(before[index], cell);
    if (difference) differences.push(`${name} ${difference}`);
  }
  return differences;
}

function compareCell(expected: CodeCell | undefined, actual: CodeCell): string | null {
  const was = expected?.outputs ?? [], is = actual.outputs;
  const [kindsBefore, kindsNow] = [was.map(kindOf).join(", "), is.map(kindOf).join(", ")];
  if (kindsBefore !== kindsNow) {
    return `shows ${kindsNow || "nothing"}; the file has ${kindsBefore || "nothing"}.`;
  }
  if (expected?.metadata.tags?.includes(VARIES)) return null;
  for (const [index, output] of is.entries()) {
    const before = contentOf(was[index]).split("\n"), now = contentOf(output).split("\n");
    const line = Array.from({ length: Math.max(before.length, now.length) }).findIndex((_, at) =>
      now[at] !== before[at]
    );
    if (line !== -1) {
      return `shows another ${kindOf(output)} than the file has: ` +
        `${excerpt(now[line], before[line])} where it has ${excerpt(before[line], now[line])}.`;
    }
  }
  return null;
}

/** "stdout", "result (text/html, text/plain)". */
function kindOf(output: Output): string {
  if (output.output_type === "stream") return output.name;
  if (output.output_type === "error") return "error";
  const types = Object.keys(output.data).sort().join(", ");
  return `${output.output_type === "execute_result" ? "result" : "display"} (${types})`;
}

function contentOf(output: Output | undefined): string {
  if (output?.output_type === "stream") return output.text;
  if (output === undefined || output.output_type === "error") return "";
  return Object.entries(output.data).sort(([a], [b]) => a < b ? -1 : 1).map(([type, value]) =>
    `${type}\n${typeof value === "string" ? value : joined(value)}`
  ).join("\n");
}

/** nbformat allows a long string to be split into lines. */
function joined(value: unknown): string {
  return Array.isArray(value) && value.every((entry) => typeof entry === "string")
    ? value.join("")
    : JSON.stringify(value, null, 1);
}

/** The part of a line around the first character in which it differs from the other. */
function excerpt(line: string | undefined, other = ""): string {
  if (line === undefined) return "nothing";
  const difference = line.split("").findIndex((unit, at) => unit !== other[at]);
  const from = Math.max(0, difference - EXCERPT / 2), part = line.slice(from, from + EXCERPT);
  return `"${from > 0 ? "…" : ""}${part}${from + EXCERPT < line.length ? "…" : ""}"`;
}

/** The kernel compiles a cell to JavaScript first, so the line it names may lie above the cell's own. */
function describeError(error: Extract<Output, { output_type: "error" }>): string {
  const line = error.traceback.join("\n").match(/<anonymous>:(\d+):\d+/)?.[1];
  return `failed: ${error.ename}: ${error.evalue}${line ? ` (line ${line} of the compiled cell)` : ""}`;
}
