/**
 * What every task on a run's stages takes on its command line.
 * @module
 */
import type { Command } from "commander";
import { basename, join } from "node:path";
import { exists } from "../core/artefacts.ts";
import { taskCommand } from "../core/command.ts";
import { UsageError } from "../core/errors.ts";
import { loadRecipe } from "./recipe.ts";
import { requireSources } from "./required_sources.ts";
import { Run } from "./run.ts";
import type { Trainer } from "./trainer.ts";

/** The flags' values. */
export interface RunOptions {
  readonly recipe: string;
  readonly set: string[];
  readonly run: string;
  readonly launch: string;
  /** Of a cluster. */
  readonly launchFile?: string;
  readonly restart: boolean;
  readonly estimate: boolean;
  /** Folder of the runs; where a task is called: "runs". */
  readonly root?: string;
}

/** A command with the flags of a run. */
export function runCommand(name: string, description: string): Command {
  return taskCommand(name, description)
    .option("--recipe <name>", "recipe in data/recipes, or a file", "demo")
    .option("--set <key=value...>", "change a setting of the recipe", [])
    .option("--run <name>", "name of the run under runs/", "demo")
    .option("--launch <where>", "where it runs: local, or slurm: a cluster", "local")
    .option("--launch-file <file>", "the cluster, and what a job may take there")
    .option("--restart", "begin unfinished stages anew", false)
    .option("--estimate", "print what it will take, and stop", false);
}

/**
 * The run that the flags name.
 *
 * @param torch As of `Run.open`.
 * @throws {UsageError} for a bad flag, recipe, source or mixture, and for files that the sources lack where more than an estimate is asked for.
 */
export async function openRun(options: RunOptions, signal: AbortSignal, torch?: Trainer): Promise<Run> {
  const { run, launch, restart, root: runs = "runs" } = options;
  if (!/^[\w.-]+$/.test(run)) {
    throw new UsageError(`--run is "${run}", expected a name of letters, digits, ".", "_" and "-".`);
  }
  if (launch !== "local" && launch !== "slurm") {
    throw new UsageError(`--launch is "${launch}", expected local or slurm.`);
  }
  const recipe = await loadRecipe(options.recipe, options.set);
  if (launch === "slurm" && !options.estimate) await runOnCluster(options, signal);
  const root = join(runs, run);
  const opened = await Run.open(run, recipe, { root, restart, signal }, torch);
  // Once the corpus is there, nothing else reads the sources.
  if (!options.estimate && !await exists(join(root, "corpus"))) await requireSources(opened.specs);
  return opened;
}

/**
 * Has `deno task launch` do this task on the cluster, with the same flags. Afterwards the stages are there, and the task finds them done;
 * where the launch fails, this process ends as it does.
 */
async function runOnCluster(
  { recipe, set, run, launchFile, restart }: RunOptions,
  signal: AbortSignal,
): Promise<void> {
  if (launchFile === undefined) {
    throw new UsageError("--launch is slurm, but no --launch-file says which cluster.");
  }
  const flags = ["--launch-file", launchFile, "--recipe", recipe, "--run", run];
  if (set.length > 0) flags.push("--set", ...set);
  if (restart) flags.push("--restart");
  // In a job the last flag wins.
  const own = ["--", ...Deno.args, "--launch", "local"];
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-q", "-A", new URL("launch.ts", Deno.mainModule).href],
      ...[basename(Deno.mainModule, ".ts"), ...flags, ...own],
    ],
    stdin: "null",
    stdout: "null",
  }).spawn().status;
  signal.throwIfAborted();
  if (code !== 0) Deno.exit(code);
}
