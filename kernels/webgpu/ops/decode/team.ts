/**
 * Teams: the threads that share a sum. A subgroup where the device says how large those are, otherwise 32 threads
 * and workgroup memory.
 * @module
 */
import type { Device } from "../../device/device.ts";

/** How teams sum on a device. */
export interface Team {
  readonly lanes: number;
  /** Directives that the functions need. */
  readonly enables: readonly string[];
  /**
   * WGSL of `teamTotal(value: f32, index: u32)`, the sum over a team of a workgroup of so many threads, known to all of the team.
   * Call it in uniform control flow, with the thread's index in the workgroup.
   */
  total(threads: number): string;
}

/** The teams of a device. */
export function teamOf({ subgroups }: Pick<Device, "subgroups">): Team {
  if (subgroups !== null && subgroups.min === subgroups.max) {
    return {
      lanes: subgroups.max,
      enables: ["enable subgroups;"],
      total: () => "fn teamTotal(value: f32, index: u32) -> f32 { return subgroupAdd(value); }",
    };
  }
  const lanes = 32;
  return {
    lanes,
    enables: [],
    total: (threads) => `
var<workgroup> teamParts: array<f32, ${threads}>;
fn teamTotal(value: f32, index: u32) -> f32 {
  workgroupBarrier();
  teamParts[index] = value;
  workgroupBarrier();
  var sum = 0f;
  for (var i = 0u; i < ${lanes}; i++) { sum += teamParts[index / ${lanes} * ${lanes} + i]; }
  return sum;
}`,
  };
}
