/**
 * What the finished stages of a run have for the paper's figures.
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import { exists } from "../../core/artefacts.ts";
import type { ComparisonLoss } from "../../figures/mixing_report.ts";
import type { PaperRun, Part } from "../../figures/paper/paper_run.ts";
import type { RewardCurve } from "../../figures/paper/reward_chart.ts";
import { GRPO_METRICS_FILE, type GrpoMetrics } from "../../train/grpo/grpo.ts";
import { readSteps } from "../../train/grpo/step_log.ts";
import type { ProbeMetrics } from "../../train/metrics.ts";
import type { CurationResult } from "../stages/curation.ts";
import type { LeaveOneOutResult } from "../stages/leave_one_out.ts";
import { CURVES_FILE, POOL_INFLUENCE_FILE } from "../stages/midtraining_summary.ts";
import { readAblations, readSameFineTuning } from "./ablations.ts";
import { findManifest, type FoundManifest, madePart, probesOf, readJson, writtenAt } from "./found.ts";
import { readLearningRate } from "./learning_rate.ts";
import { recordedRates } from "./recorded_on_device.ts";
import { recordedRewards, rewardCurve } from "./recorded_rewards.ts";
import { readScores } from "./scores.ts";

/** Stages on the way from random weights to the final model. */
const COURSE = [
  { name: "pretrain-1", title: "pretraining, phase 1" },
  { name: "pretrain-2", title: "phase 2" },
  { name: "midtrain-1", title: "mid-training, round 1" },
  { name: "midtrain-2", title: "round 2" },
  { name: "sft", title: "fine-tuning" },
  { name: "reasoning", title: "on reasoning" },
] as const;

/**
 * Reads it.
 *
 * @param root Where `runs/NAME` is from here; where it does not exist, the run has nothing yet.
 * @throws {UsageError} for a file that is damaged.
 */
export async function readPaperRun(name: string, root: string): Promise<PaperRun> {
  const task = (words: string) => `deno task ${words} --run ${name}`;
  return {
    name,
    leaveOneOut: await leaveOneOut(root, task),
    comparison: await comparison(root, task("demo")),
    poolInfluence: await midtrainFile(root, POOL_INFLUENCE_FILE, task("midtrain")),
    midtraining: await midtrainFile(root, CURVES_FILE, task("midtrain")),
    reward: await reward(name, root),
    course: await course(root, task("demo")),
    baseScores: await readScores(name, root, "base"),
    finalScores: await readScores(name, root, "final"),
    ablations: await readAblations(name, root),
    sameFineTuning: await readSameFineTuning(name, root),
    onDevice: await recordedRates(),
    learningRate: await readLearningRate(root, task("midtrain")),
  };
}

/** With the recipe's seeds, or else with the demo's one. */
async function leaveOneOut(
  root: string,
  task: (words: string) => string,
): Promise<PaperRun["leaveOneOut"]> {
  const full = await findManifest<LeaveOneOutResult>(root, "leave-one-out");
  const found = full ?? await findManifest<LeaveOneOutResult>(root, "leave-one-out-1");
  if (found === undefined) return { command: task("loo"), made: null };
  const curation = await findManifest<CurationResult>(root, "curation");
  const domains = Object.entries(curation?.result.probing ?? {}).flatMap(([domain, sources]) =>
    sources.map((source) => [source, domain] as const)
  );
  const value = { impacts: found.result.impacts, domains: new Map(domains) };
  return madePart(task(full === undefined ? "demo" : "loo"), value, found);
}

/** Phase 1 on the run's own mixture, and on equal shares. */
async function comparison(root: string, command: string): Promise<PaperRun["comparison"]> {
  const losses: ComparisonLoss[] = [];
  let last: FoundManifest<unknown> | undefined;
  for (const [mixture, stage] of [["influence", "pretrain-1"], ["uniform", "pretrain-1-uniform"]] as const) {
    last = await findManifest(root, stage);
    if (last === undefined) return { command, made: null };
    const { seed = 0 } = last.recipe as { seed?: number };
    for (const { probe, step, negativeLogLikelihood } of await probesOf(root, stage)) {
      losses.push({ mixture, probe, step, negativeLogLikelihood, seed });
    }
  }
  return last === undefined ? { command, made: null } : madePart(command, losses, last);
}

async function midtrainFile<Value>(
  root: string,
  file: string,
  command: string,
): Promise<Part<readonly Value[]>> {
  const found = await findManifest(root, "midtrain");
  if (found === undefined) return { command, made: null };
  const path = join(root, "midtrain", file);
  const values = await exists(path) ? await readJson(path, z.array(z.unknown())) as Value[] : [];
  return values.length === 0 ? { command, made: null } : madePart(command, values, found);
}

/** Every probe that all stages of the course ask: fine-tuning asks more. */
async function course(root: string, command: string): Promise<PaperRun["course"]> {
  const measurements: ProbeMetrics[] = [];
  let last: FoundManifest<unknown> | undefined;
  for (const { name } of COURSE) {
    const found = await findManifest(root, name);
    if (found === undefined) continue;
    measurements.push(...await probesOf(root, name));
    last = found;
  }
  const asked = new Set(measurements.filter(({ stage }) => stage === "pretrain-1").map(({ probe }) => probe));
  const shared = measurements.filter(({ probe }) => asked.has(probe));
  if (last === undefined || shared.length === 0) return { command, made: null };
  return madePart(command, { stages: COURSE, measurements: shared }, last);
}

/**
 * Of trainings that began with the fine-tuned model, or the base; their logs lie in `grpo-sft`, `grpo-base`. Without them, what was
 * measured once of a proxy on word problems.
 */
async function reward(name: string, root: string): Promise<PaperRun["reward"]> {
  const curves: RewardCurve[] = [];
  let log: string | undefined;
  for (const start of ["base", "sft"]) {
    const path = join(root, `grpo-${start}`, GRPO_METRICS_FILE);
    const points = (await readSteps<GrpoMetrics>(path)).filter((entry) => entry.kind === "held out");
    if (points.length === 0) continue;
    curves.push(rewardCurve(start, points));
    log = path;
  }
  return log === undefined ? await recordedRewards() : madePart(
    `deno task grpo --model runs/${name}/sft/model --out runs/${name}/grpo-sft`,
    curves,
    await writtenAt(log),
  );
}
