/**
 * A plan for a terminal.
 * @module
 */
import { table } from "arquero";
import { formatTable } from "../../catalog/text_table.ts";
import type { Plan } from "./plan.ts";
import { amount, formatBytes, type PlannedStage } from "./planned_stage.ts";

/** A row a stage, the totals, and below them how each row came about. */
export function describePlan(plan: Plan): string {
  const column = (of: (stage: PlannedStage) => string | number, total: string) => [...stages.map(of), total];
  const { description, parameters, stateBytes, cluster, stages, totals, mixturesFromFiles, unknownSources } =
    plan;
  const { nodes, gpusPerNode, teraflopsPerGpu } = cluster;
  return [
    description,
    `${parameters} parameters, ${
      formatBytes(stateBytes)
    } of weights, gradient and moments; ${nodes} × ${gpusPerNode} GPUs at ${teraflopsPerGpu} TFLOP/s of model FLOPs each`,
    "",
    formatTable(table({
      stage: column(({ stage }) => stage, "all"),
      jobs: column(({ jobs }) => String(jobs), ""),
      "GPUs a job": column(({ gpusPerJob }) => String(gpusPerJob), ""),
      tokens: column(({ tokens }) => amount(tokens), ""),
      FLOP: column(({ flops }) => flops === 0 ? "0" : flops.toExponential(2), totals.flops.toExponential(2)),
      "GPU hours": column(
        ({ gpuHours }) => Math.ceil(gpuHours).toLocaleString("en"),
        Math.ceil(totals.gpuHours).toLocaleString("en"),
      ),
      days: column(({ days }) => days.toFixed(2), totals.days.toFixed(2)),
      disk: column(({ storageBytes }) => formatBytes(storageBytes), formatBytes(totals.storageBytes)),
    })),
    ...(mixturesFromFiles
      ? [
        "",
        "Pretraining takes its mixtures from files: leave-one-out, domain-proxies and influence are only for those who ask for them.",
      ]
      : []),
    ...(unknownSources.length === 0
      ? []
      : ["", `Of unknown size, and counted as nothing: ${unknownSources.join(", ")}.`]),
    ...stages.flatMap(({ stage, arithmetic }) => ["", `${stage}:`, ...arithmetic.map((line) => `  ${line}`)]),
  ].join("\n");
}
