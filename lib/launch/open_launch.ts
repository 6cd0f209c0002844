/**
 * A launch as a task or a notebook asks for it: by a recipe, a run's name and a launch file.
 * @module
 */
import { type ColumnTable, from } from "arquero";
import { fileURLToPath } from "node:url";
import { exists } from "../core/artefacts.ts";
import { UsageError } from "../core/errors.ts";
import { formatBytes } from "../pipeline/plan/planned_stage.ts";
import { openRun, type RunOptions } from "../pipeline/run_command.ts";
import { cancelLaunch, launch, openSlurm, planLaunch, type StepPlan } from "./launch.ts";
import { type LaunchFile, loadLaunchFile } from "./launch_file.ts";
import { shellWord } from "./slurm/submit.ts";
import { DataSteps, findStep, STEPS } from "./steps.ts";

const TASKS = new URL("../../tasks/", import.meta.url);

/** What is launched. */
export interface LaunchOptions extends Pick<RunOptions, "recipe" | "run" | "launchFile"> {
  /** A step of the data, or a task on it. */
  readonly what: string;
  /** Flags of the task. */
  readonly flags?: readonly string[];
  /** Changed settings of the recipe, "key=value". */
  readonly set?: string[];
  /** Begins unfinished stages anew. */
  readonly restart?: boolean;
  /** Only the plan is asked for: the sources need not be there. */
  readonly estimate?: boolean;
}

/** A launch that was planned. */
export class Launch {
  private constructor(
    private readonly options: LaunchOptions,
    private readonly file: LaunchFile,
    private readonly data: DataSteps,
    private readonly task: string | undefined,
    /** Its jobs. */
    readonly plan: readonly StepPlan[],
    private readonly signal: AbortSignal,
  ) {}

  /**
   * Plans a launch; nobody is asked yet.
   *
   * @throws {UsageError} for what is no step and no task, a launch file that is missing or wrong, and as {@link openRun}.
   *
   * @example In a notebook, where the queue is one table that moves while the jobs run
   * ```ts ignore
   * import { Launch } from "./open_launch.ts";
   * import { showTable } from "../pipeline/notebook_display.ts";
   * const what = { what: "pretrain", recipe: "950m", run: "big", launchFile: "cluster.json" };
   * const launch = await Launch.open(what, new AbortController().signal);
   * showTable(launch.table());
   * await launch.start();
   * ```
   */
  static async open(options: LaunchOptions, signal: AbortSignal): Promise<Launch> {
    const { what, launchFile } = options;
    const step = findStep(what === "curate" ? "curation" : what);
    const task = step === undefined ? what : undefined;
    if (task !== undefined && !(/^[a-z]+$/.test(task) && await exists(taskPath(task)))) {
      throw new UsageError(`launch: "${what}" is no task, nor one of ${STEPS.join(", ")}.`);
    }
    if (launchFile === undefined) throw new UsageError("No --launch-file says which cluster.");
    const file = await loadLaunchFile(launchFile);
    const own = { set: [], restart: false, estimate: false, ...options, launch: "local" };
    const data = new DataSteps(await openRun(own, signal), file.ranks);
    const plan = await planLaunch(data, data.stepsUpTo(step ?? "shards"), task, file);
    return new Launch(options, file, data, task, plan, signal);
  }

  /** Submits what is left, and follows it to the end. @throws as {@link launch}. */
  async start(): Promise<void> {
    using client = openSlurm(this.file);
    await launch(client, this.data, this.plan, this.file, {
      command: (step) => this.#command(step),
      signal: this.signal,
    });
  }

  /** Ends the jobs. @returns Their ids. */
  async cancel(): Promise<number[]> {
    using client = openSlurm(this.file);
    return await cancelLaunch(client, this.data.run.name, this.plan.map(({ step }) => step), this.signal);
  }

  /** A row a step: what is left of it, what that may take at most, and what the recipe's plan expects of all of it. */
  table(): ColumnTable {
    const { plan, file: { prices } } = this;
    const round = (value: number) => Number(value.toFixed(2));
    return from(plan.map((step) => {
      const { left, tasks, nodes, processors, gpus, minutes, price, expected } = step;
      const hours = left.length * nodes * minutes / 60;
      return {
        step: step.step,
        jobs: left.length,
        done: tasks - left.length,
        "processor hours at most": round(hours * processors),
        "GPU hours at most": round(hours * gpus),
        "price at most": round(price),
        ...(plan.some(({ expected }) => expected !== null) && {
          "GPU hours expected": expected === null ? "–" : String(Math.ceil(expected.gpuHours)),
          "price expected": expected === null ? "–" : String(round(expected.gpuHours * prices.gpuHour)),
          "disk expected": expected === null ? "–" : formatBytes(expected.storageBytes),
        }),
      };
    }));
  }

  /** A sentence for each step whose limits are lower than what the recipe's plan expects of it; one that is begun is not reckoned. */
  warnings(): string[] {
    return this.plan.flatMap(({ step, left, tasks, nodes, gpus, minutes, expected }) => {
      const most = left.length * nodes * gpus * minutes / 60;
      if (expected === null || left.length < tasks || expected.gpuHours <= most) return [];
      return `${step}: the recipe's plan expects ${
        Math.ceil(expected.gpuHours)
      } GPU hours, its jobs may take ${most}.`;
    });
  }

  /** Shell command of a step's job. */
  #command(step: string): string {
    const { recipe, run, set = [], restart = false, flags = [] } = this.options;
    if (step === this.task) return deno(step, flags);
    const own = [
      ...["--recipe", recipe, "--run", run, "--step", step, "--ranks", String(this.file.ranks)],
      ...(set.length === 0 ? [] : ["--set", ...set]),
      ...(restart ? ["--restart"] : []),
    ];
    return `${deno("launch_step", own)} --task "$SLURM_ARRAY_TASK_ID"`;
  }
}

function taskPath(task: string): string {
  return fileURLToPath(new URL(`${task}.ts`, TASKS));
}

/** The shell command that runs a task. */
function deno(task: string, flags: readonly string[]): string {
  return ["deno", "run", "-q", "-A", taskPath(task), ...flags].map(shellWord).join(" ");
}
