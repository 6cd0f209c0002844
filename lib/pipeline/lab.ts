/**
 * JupyterLab on the project's notebooks, with the Deno kernel that is registered inside the project.
 * @module
 */
import { dirname, join } from "node:path";
import { RunError } from "../core/errors.ts";
import { jupyterLabPackage, type Missing, prepareJupyter, virtualEnvironment } from "./setup.ts";
import { runProcess } from "./subprocess.ts";

/** A command that starts JupyterLab, and what it needs in its environment. */
export interface Lab {
  readonly command: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** Time for a JupyterLab to say its version, from a cold disk. */
const VERSION_SECONDS = 60;

/** Kernels and connection files inside the project, whatever the person's own Jupyter has. @param python The project's. */
export function jupyterEnvironment(python: string) {
  const data = join(dirname(dirname(python)), "share", "jupyter");
  return { JUPYTER_PREFER_ENV_PATH: "1", JUPYTER_DATA_DIR: data, JUPYTER_RUNTIME_DIR: join(data, "runtime") };
}

/**
 * The command that opens the project in VS Code with the kernel that is registered inside it: its Jupyter extension looks for kernels
 * where JUPYTER_PATH says, and in the person's own folder, which is left alone.
 *
 * @example
 * ```ts
 * import { codeCommand } from "./lab.ts";
 * import assert from "node:assert/strict";
 * assert.equal(codeCommand("/my project"), `JUPYTER_PATH="/my project/.venv/share/jupyter" code "/my project"`);
 * ```
 */
export function codeCommand(root: string): string {
  const { JUPYTER_DATA_DIR } = jupyterEnvironment(virtualEnvironment(root).python);
  return `JUPYTER_PATH="${JUPYTER_DATA_DIR}" code "${root}"`;
}

/**
 * Registers the kernel inside the project, and looks for a JupyterLab: the project's own, else one on the path.
 *
 * @param root The project's root directory.
 * @returns How to start it, or what is missing and the one command that installs it.
 */
export async function findLab(root: string, options: { signal?: AbortSignal } = {}): Promise<Lab | Missing> {
  const jupyter = await prepareJupyter(root, options);
  if ("reason" in jupyter) return jupyter;
  const environment = jupyterEnvironment(jupyter.python);
  const labs = [
    { command: jupyter.python, arguments: ["-m", "jupyterlab"], environment },
    { command: "jupyter-lab", arguments: [], environment },
  ];
  for (const lab of labs) {
    const version = await runProcess(lab.command, [...lab.arguments, "--version"], {
      ...options,
      seconds: VERSION_SECONDS,
    });
    if (version?.code === 0) return lab;
  }
  return {
    reason: "There is no JupyterLab here.",
    command: `.venv/bin/python -m pip install ${jupyterLabPackage}`,
  };
}

/** What JupyterLab opens, and how. */
export interface LabOptions {
  /** Relative to the project's root; "notebooks": the folder. */
  readonly path: string;
  readonly port: number;
  /** Opens the person's browser; otherwise the address is printed only. */
  readonly browser: boolean;
  readonly signal: AbortSignal;
}

/**
 * Runs JupyterLab until someone ends it.
 *
 * @throws {RunError} where it ends by itself with a failure.
 */
export async function runLab(
  lab: Lab,
  root: string,
  { path, port, browser, signal }: LabOptions,
): Promise<void> {
  const child = new Deno.Command(lab.command, {
    args: [
      ...lab.arguments,
      ...(browser ? [] : ["--no-browser"]),
      `--port=${port}`,
      `--ServerApp.root_dir=${root}`,
      `--LabApp.default_url=/lab/tree/${path}`,
      // Jupyter refuses to run as root, which is who one is in a container.
      ...(Deno.build.os !== "windows" && Deno.uid() === 0 ? ["--allow-root"] : []),
    ],
    cwd: root,
    env: { ...lab.environment },
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  const end = () => child.kill("SIGTERM");
  signal.addEventListener("abort", end, { once: true });
  try {
    const { code } = await child.status;
    if (code !== 0 && !signal.aborted) throw new RunError(`JupyterLab ended with code ${code}.`);
  } finally {
    signal.removeEventListener("abort", end);
  }
}
