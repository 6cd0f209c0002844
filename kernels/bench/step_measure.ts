/**
 * What a training step takes: as a whole, and kernel by kernel.
 * @module
 */
import type { Device } from "../webgpu/device/device.ts";
import type { DispatchTime } from "../webgpu/plan/plan.ts";
import type { TransformerShape } from "../webgpu/plan/transformer_parameters.ts";
import { shareOfLimit } from "./gpu_cards.ts";
import { family, randomTokens, StepBench, stepFlops } from "./step_run.ts";

/** Steps that are timed, after steps that bring the device to its working clock; fewer where one takes longer than `SLOW` milliseconds. */
const MEASURED = 15, MEASURED_SLOW = 5, SLOW = 400;

/** Milliseconds after which an idle GPU runs at its working clock. */
const WARMING = 700;

/** Steps of one shape, each with the readback of its loss; times are medians. */
export interface StepTime {
  readonly milliseconds: number;
  /** The fastest and the slowest. */
  readonly range: readonly [number, number];
  readonly tokensPerSecond: number;
  readonly teraflops: number;
  /** All buffers on the device, GiB. */
  readonly gigabytes: number;
  /** Updates left out because a gradient went beyond f16's range, whereupon the loss scale halves. */
  readonly skipped: number;
}

/** Times steps. */
export async function timeSteps(
  device: Device,
  shape: TransformerShape,
  sequences: number,
  length: number,
  recompute: boolean,
): Promise<StepTime> {
  const bench = await StepBench.create(device, shape, sequences, length, { recompute });
  try {
    const tokens = randomTokens(sequences * length, shape.vocabularySize, 1);
    const targets = randomTokens(sequences * length, shape.vocabularySize, 2);
    let skipped = 0;
    const timedStep = async () => {
      const start = performance.now();
      const { finite } = await bench.step(tokens, targets);
      if (!finite) skipped++;
      return performance.now() - start;
    };
    await timedStep();
    const count = await timedStep() > SLOW ? MEASURED_SLOW : MEASURED;
    for (const end = performance.now() + WARMING; performance.now() < end;) await timedStep();
    const times: number[] = [];
    for (let i = 0; i < count; i++) times.push(await timedStep());
    times.sort((a, b) => a - b);
    const [fastest = NaN, milliseconds = NaN, slowest = NaN] = [0, count >> 1, count - 1].map((i) =>
      times[i]
    );
    return {
      milliseconds,
      range: [fastest, slowest],
      tokensPerSecond: 1000 * sequences * length / milliseconds,
      teraflops: stepFlops(shape, sequences, length) / milliseconds / 1e9,
      gigabytes: device.allocatedBytes / 2 ** 30,
      skipped,
    };
  } finally {
    bench.destroy();
  }
}

/** A step's dispatches of one name, those of all layers added up. */
export interface KernelTime {
  readonly kernel: string;
  readonly count: number;
  readonly microseconds: number;
  readonly flops: number;
  readonly bytes: number;
}

/** Times every kernel of a step, the most expensive first. */
export async function profileStep(
  device: Device,
  shape: TransformerShape,
  sequences: number,
  length: number,
  recompute: boolean,
): Promise<KernelTime[]> {
  const bench = await StepBench.create(device, shape, sequences, length, { recompute });
  try {
    const tokens = randomTokens(sequences * length, shape.vocabularySize, 1);
    const targets = randomTokens(sequences * length, shape.vocabularySize, 2);
    for (const end = performance.now() + WARMING; performance.now() < end;) await bench.step(tokens, targets);
    return grouped(await bench.profile(tokens, targets));
  } finally {
    bench.destroy();
  }
}

/** Adds up the dispatches of one name. */
export function grouped(times: readonly DispatchTime[]): KernelTime[] {
  const groups = new Map<string, KernelTime>();
  for (const { label, microseconds, flops, bytes } of times) {
    const kernel = label.replace(/layer \d+ /, "");
    const before = groups.get(kernel) ?? { count: 0, microseconds: 0, flops: 0, bytes: 0 };
    groups.set(kernel, {
      kernel,
      count: before.count + 1,
      microseconds: before.microseconds + microseconds,
      flops: before.flops + flops,
      bytes: before.bytes + bytes,
    });
  }
  return [...groups.values()].sort((a, b) => b.microseconds - a.microseconds);
}

/** The table of a profile, line by line. */
export function profileLines(device: Device, kernels: readonly KernelTime[]): string[] {
  const total = kernels.reduce((sum, { microseconds }) => sum + microseconds, 0);
  const lines = kernels.map(({ kernel, count, microseconds, flops, bytes }) => {
    const teraflops = flops / microseconds / 1e6;
    const gigabytesPerSecond = bytes / microseconds / 1e3;
    return [
      kernel.padEnd(28),
      String(count).padStart(5),
      microseconds.toFixed(0).padStart(8),
      (100 * microseconds / total).toFixed(1).padStart(6),
      teraflops.toFixed(1).padStart(8),
      gigabytesPerSecond.toFixed(0).padStart(6),
      ` ${shareOfLimit(device, { teraflops, gigabytesPerSecond })}`,
    ].join(" ").trimEnd();
  });
  return [
    `${"kernel".padEnd(28)}     n       µs  share  TFLOP/s   GB/s`,
    ...lines,
    `${"total".padEnd(28)}       ${total.toFixed(0).padStart(8)}`,
  ];
}

/** A shape to time at `tokens` a step: one size of the family varied at a time. */
export interface ScalingCase {
  readonly axis: "width" | "length" | "vocabulary";
  readonly size: number;
  readonly shape: TransformerShape;
  readonly length: number;
}

/** Tokens of a step, and the other sizes, while one varies. */
export const SCALING_TOKENS = 8192;

/** Eight layers; the 140M model's heads and widths where they do not vary, and a vocabulary of 32,768. */
export function scalingCases(): ScalingCase[] {
  return [
    ...[128, 256, 512, 1024, 1536].map((size): ScalingCase => ({
      axis: "width",
      size,
      shape: family(8, size / 64, Math.max(1, size / 256), size, 4 * size, 32768),
      length: 1024,
    })),
    ...[512, 1024, 2048, 4096, 8192].map((size): ScalingCase => ({
      axis: "length",
      size,
      shape: family(8, 9, 3, 576, 2048, 32768),
      length: size,
    })),
    ...[4096, 16384, 32768, 65536, 128256].map((size): ScalingCase => ({
      axis: "vocabulary",
      size,
      shape: family(8, 9, 3, 576, 2048, size),
      length: 1024,
    })),
  ];
}
