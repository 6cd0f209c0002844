/**
 * A stage of a plan: what it computes, and what a cluster needs for that.
 * @module
 */
import { compactNumber } from "../../core/progress.ts";
import type { ModelConfig } from "../../model/config.ts";
import type { Recipe } from "../recipe.ts";
import type { SizedSource } from "./source_sizes.ts";

/** GPUs and how fast they are. */
export type Cluster = NonNullable<Recipe["cluster"]>;

/** What a plan follows from. */
export interface PlanInputs {
  readonly recipe: Recipe;
  readonly cluster: Cluster;
  /** Of the model that is trained in the end. */
  readonly model: ModelConfig;
  /** Of the proxies. */
  readonly proxy: ModelConfig;
  /** Those of the recipe's sources whose sizes are published. */
  readonly sources: readonly SizedSource[];
}

/** What a stage has to do. */
export interface Work {
  readonly stage: string;
  /** Jobs that know nothing of each other. */
  readonly jobs: number;
  /** GPUs of each job; 0: processors alone. */
  readonly gpusPerJob: number;
  /** Tokens that go through a model, of all jobs. */
  readonly tokens: number;
  /** Model FLOPs of all jobs. */
  readonly flops: number;
  /** Where another rate than the cluster's is known. */
  readonly gpuHours?: number;
  /** What stays on disk, of all jobs. */
  readonly storageBytes: number;
  /** How that came about, a line each. */
  readonly arithmetic: readonly string[];
}

/** A stage of the plan. */
export interface PlannedStage extends Required<Work> {
  /** Of the whole stage, as many jobs at once as the cluster has GPUs for. */
  readonly days: number;
}

/** Adds hours and days to the work. */
export function planStage(work: Work, { nodes, gpusPerNode, teraflopsPerGpu }: Cluster): PlannedStage {
  const { jobs, gpusPerJob, flops } = work;
  const gpuHours = work.gpuHours ?? flops / (teraflopsPerGpu * 1e12) / 3600;
  const atOnce = Math.max(1, Math.floor(nodes * gpusPerNode / Math.max(1, gpusPerJob)));
  const days = Math.ceil(jobs / atOnce) * gpuHours / jobs / Math.max(1, gpusPerJob) / 24;
  const arithmetic = [...work.arithmetic];
  if (work.gpuHours === undefined) {
    arithmetic.push(`÷ ${teraflopsPerGpu} TFLOP/s a GPU = ${amount(gpuHours)} GPU hours`);
  }
  if (gpuHours > 0) {
    arithmetic.push(
      `${jobs} ${jobs === 1 ? "job" : "jobs"} of ${gpusPerJob} GPUs, ${Math.min(jobs, atOnce)} at once: ${
        days.toFixed(2)
      } days`,
    );
  }
  return { ...work, gpuHours, days, arithmetic };
}

/** A number for a line of arithmetic: "2.10T", "6.11e+9" from a quadrillion on. */
export function amount(value: number): string {
  return value >= 1e15 ? value.toPrecision(3) : compactNumber(value);
}

/** Bytes as "7.14 TB". */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** power).toPrecision(3)} ${units[power]}`;
}
