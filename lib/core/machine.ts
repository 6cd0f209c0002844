/**
 * The machine that a measurement was made on.
 * @module
 */
import { cpus, totalmem } from "node:os";
import process from "node:process";

/** "AMD EPYC, 2 cores, 23 GB": what stands beside every timing. */
export function describeMachine(): string {
  const processors = cpus();
  const model = processors[0]?.model.trim().replace(/\s+/g, " ") || "unknown processor";
  return `${model}, ${processors.length} cores, ${Math.round(totalmem() / 2 ** 30)} GB`;
}

/** Largest resident memory of this process so far, its workers included, in MB. */
export function peakMemoryMB(): number {
  // maxRSS is in kilobytes.
  return Math.round(process.resourceUsage().maxRSS / 1024);
}
