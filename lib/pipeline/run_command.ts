/**
 * What every task on a run's stages takes on its command line.
 * @module
 */
import type { Command } from "commander";
import { join } from "node:path";
import { exists } from "../core/artefacts.ts";
import { taskCommand } from "../core/command.ts";
import { UsageError } from "../core/errors.ts";
import { loadRecipe } from "./recipe.ts";
import { requireSources } from "./required_sources.ts";
import { Run } from "./run.ts";

/** The flags' values. */
export interface RunOptions {
  readonly recipe: string;
  readonly set: string[];
  readonly run: string;
  readonly launch: string;
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
    .option("--launch <where>", "where it runs: local", "local")
    .option("--restart", "begin unfinished stages anew", false)
    .option("--estimate", "print what it will take, and stop", false);
}

/**
 * The run that the flags name.
 *
 * @throws {UsageError} for a bad flag, recipe, source or mixture, and for files that the sources lack where more than an estimate is asked for.
 */
export async function openRun(options: RunOptions, signal: AbortSignal): Promise<Run> {
  const { run, launch, restart, root: runs = "runs" } = options;
  if (!/^[\w.-]+$/.test(run)) {
    throw new UsageError(`--run is "${run}", expected a name of letters, digits, ".", "_" and "-".`);
  }
  if (launch !== "local") throw new UsageError(`--launch is "${launch}", expected local.`);
  const recipe = await loadRecipe(options.recipe, options.set);
  const root = join(runs, run);
  const opened = await Run.open(run, recipe, { root, restart, signal });
  // Once the corpus is there, nothing else reads the sources.
  if (!options.estimate && !await exists(join(root, "corpus"))) await requireSources(opened.specs);
  return opened;
}
