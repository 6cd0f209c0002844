/**
 * Does a run survive kill −9? Its training stages are killed at random moments and run again, and what they end with is compared
 * with what they made without interruption: bytes of weights, scores and mixtures, and losses.
 *
 * A stage that was killed is started and killed again, until it comes to its end before its moment; then it begins anew. So some kills
 * hit a first sitting and some a third.
 * @module
 */
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { exists } from "../../core/artefacts.ts";
import { RunError } from "../../core/errors.ts";
import { Random } from "../../core/random.ts";
import { METRICS_FILE } from "../../train/loop.ts";
import { readMetrics } from "../../train/metrics_log.ts";
import type { Manifest } from "../stage.ts";
import { SMALL_RUN, SMALL_RUN_FLAGS, writeSmallRun } from "./small_run.ts";

/** A part of the pipeline that is killed: the task that runs it, and its stages. */
interface Target {
  readonly task: "pretrain" | "midtrain" | "sft";
  readonly stages: RegExp;
}

const TARGETS = {
  pretrain: { task: "pretrain", stages: /^pretrain-\d$/ },
  midtrain: { task: "midtrain", stages: /^(pool|(compression|midtrain)-\d+|midtrain)$/ },
  sft: { task: "sft", stages: /^sft$/ },
  reasoning: { task: "sft", stages: /^reasoning$/ },
} as const satisfies Record<string, Target>;

/** Names of what can be killed, in the order of training. */
export type KillTarget = keyof typeof TARGETS;
export const KILL_TARGETS = Object.keys(TARGETS) as KillTarget[];

/** What a target bore. */
export interface KillReport {
  readonly target: KillTarget;
  readonly kills: number;
  /** Times that it came to its end, with the same bits each time. */
  readonly ends: number;
  /** How long it takes without a kill, start of the process aside. */
  readonly seconds: number;
}

/** How often, and at which moments. */
export interface KillOptions {
  readonly targets: readonly KillTarget[];
  /** Kills of each target. */
  readonly times: number;
  /** Moments are drawn from it. */
  readonly seed: number;
  readonly signal: AbortSignal;
}

/** Milliseconds between two looks at whether a stage has begun. */
const LOOK_EVERY = 2;

/**
 * Trains the small run in a folder of its own, then kills each target.
 *
 * @yields a report for each target.
 * @throws {RunError} where a stage that was killed ends with anything else, or fails.
 */
export async function* killTrials({ targets, times, seed, signal }: KillOptions): AsyncGenerator<KillReport> {
  const folder = await Deno.makeTempDir({ prefix: "kill-" });
  try {
    await writeSmallRun(folder);
    await runToEnd(folder, "sft", signal);
    for (const target of targets) yield await killTarget(folder, target, { times, seed, signal });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function killTarget(
  folder: string,
  target: KillTarget,
  { times, seed, signal }: Omit<KillOptions, "targets">,
): Promise<KillReport> {
  const { task, stages } = TARGETS[target];
  const expected = await essence(folder, stages);
  await removeStages(folder, stages);
  const seconds = await runToEnd(folder, task, signal, stages);
  await compare(folder, target, expected);

  const random = Random.of(seed, "kill", target);
  let kills = 0, ends = 1;
  await removeStages(folder, stages);
  for (let start = 0; kills < times; start++) {
    if (await killAfter(folder, TARGETS[target], 1000 * seconds * random.uniform(start), signal)) kills++;
    else {
      await compare(folder, target, expected);
      ends++;
      await removeStages(folder, stages);
    }
  }
  await runToEnd(folder, task, signal);
  await compare(folder, target, expected);
  return { target, kills, ends: ends + 1, seconds };
}

/** Kills the task a time after one of its stages has begun; false: it was at its end before. */
async function killAfter(
  folder: string,
  { task, stages }: Target,
  milliseconds: number,
  signal: AbortSignal,
): Promise<boolean> {
  const { child, ended } = start(folder, task, signal);
  const begun = await stageBegins(folder, stages, ended);
  if (begun) await Promise.race([ended, setTimeout(milliseconds)]);
  try {
    child.kill("SIGKILL");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // It had ended.
  }
  return (await ended).signal === "SIGKILL";
}

/** Runs the task without a kill. @returns seconds from the beginning of its first stage. */
async function runToEnd(folder: string, task: string, signal: AbortSignal, stages = /./): Promise<number> {
  const { ended } = start(folder, task, signal);
  await stageBegins(folder, stages, ended);
  const began = performance.now();
  await ended;
  return (performance.now() - began) / 1000;
}

interface Ended {
  /** What ended the process; null: it came to its end. */
  readonly signal: Deno.Signal | null;
}

/** Starts a task. `ended` rejects where it fails by itself. */
function start(
  folder: string,
  task: string,
  signal: AbortSignal,
): { child: Deno.ChildProcess; ended: Promise<Ended> } {
  signal.throwIfAborted();
  const path = fileURLToPath(new URL(`../../../tasks/${task}.ts`, import.meta.url));
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", "--no-check", path, "--json", ...SMALL_RUN_FLAGS],
    cwd: folder,
    stdout: "null",
    stderr: "piped",
    signal,
  }).spawn();
  const said = new Response(child.stderr).text();
  const ended = child.status.then(async ({ success, signal: by }) => {
    const text = await said;
    signal.throwIfAborted();
    if (!success && by !== "SIGKILL") throw new RunError(`${task} failed: ${lastSentence(text)}`);
    return { signal: by };
  });
  return { child, ended };
}

/** The last line that is no part of a stack. */
function lastSentence(text: string): string {
  return text.trim().split("\n").findLast((line) => !/^\s/.test(line)) ?? "";
}

/** Waits until a stage begins or goes on; false: the process ended before. */
async function stageBegins(folder: string, stages: RegExp, ended: Promise<Ended>): Promise<boolean> {
  const started = Date.now();
  let running = true;
  ended.catch(() => {}).finally(() => running = false);
  while (running) {
    for (const name of await stageNames(folder)) {
      const stage = name.replace(/\.partial$/, "");
      if (stage === name || !stages.test(stage)) continue;
      const { mtime } = await Deno.stat(join(folder, SMALL_RUN, name, "sitting.json")).catch(() => ({
        mtime: null,
      }));
      if (mtime !== null && mtime.getTime() >= started) return true;
    }
    await setTimeout(LOOK_EVERY);
  }
  return false;
}

async function stageNames(folder: string): Promise<string[]> {
  const run = join(folder, SMALL_RUN);
  if (!await exists(run)) return [];
  return (await Array.fromAsync(Deno.readDir(run))).map(({ name }) => name).sort();
}

async function removeStages(folder: string, stages: RegExp): Promise<void> {
  for (const name of await stageNames(folder)) {
    if (stages.test(name)) await Deno.remove(join(folder, SMALL_RUN, name), { recursive: true });
  }
}

/** What must be the same, of each stage: digest of the outputs, result, and metrics less timings. */
async function essence(folder: string, stages: RegExp): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const stage of (await stageNames(folder)).filter((name) => stages.test(name))) {
    const directory = join(folder, SMALL_RUN, stage);
    const { digest, result }: Manifest = JSON.parse(
      await Deno.readTextFile(join(directory, "manifest.json")),
    );
    const metrics = join(directory, METRICS_FILE);
    const losses = (await exists(metrics) ? await readMetrics(metrics) : []).map((entry) =>
      entry.kind === "step"
        ? [entry.step, entry.tokens, entry.loss, entry.gradientNorm]
        : [entry.step, entry.probe, entry.negativeLogLikelihood]
    );
    found.set(stage, JSON.stringify({ digest, result, losses }));
  }
  return found;
}

async function compare(
  folder: string,
  target: KillTarget,
  expected: ReadonlyMap<string, string>,
): Promise<void> {
  const found = await essence(folder, TARGETS[target].stages);
  const different = [...expected].filter(([stage, value]) => found.get(stage) !== value).map(([stage]) =>
    stage
  );
  if (different.length > 0 || found.size !== expected.size) {
    throw new RunError(
      `Killed and run again, ${
        different.join(" and ") || target
      } ended with other bits than without interruption.`,
    );
  }
}
