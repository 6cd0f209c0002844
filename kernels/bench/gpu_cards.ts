/**
 * What cards can do by their makers' word, where it is known here.
 * @module
 */
import type { Device } from "../webgpu/device/device.ts";

/** Dense f16 on tensor cores and f32, TFLOP/s; memory, GB/s. */
const cards = [
  { name: /h100.*hbm3/i, tensor: 989, f32: 67, memory: 3350 },
  { name: /h200/i, tensor: 989, f32: 67, memory: 4800 },
  { name: /a100/i, tensor: 312, f32: 19.5, memory: 1555 },
] as const;

/** Whether a processor imitates the GPU, which then gets small work. */
export function isSlow({ adapter }: Device): boolean {
  return /llvmpipe|swiftshader/i.test(adapter);
}

/** GB/s; null for an unknown card. */
export function memoryBandwidth({ adapter }: Device): number | null {
  return cards.find(({ name }) => name.test(adapter))?.memory ?? null;
}

/** "33% of 989 TFLOP/s": of the limit that work of this intensity runs into first; empty for an unknown card. */
export function shareOfLimit(
  { adapter, tier }: Device,
  { teraflops, gigabytesPerSecond }: { readonly teraflops: number; readonly gigabytesPerSecond: number },
): string {
  const card = cards.find(({ name }) => name.test(adapter));
  if (!card) return "";
  const arithmetic = tier === "tensor" ? card.tensor : card.f32;
  const [ofArithmetic, ofMemory] = [teraflops / arithmetic, gigabytesPerSecond / card.memory];
  return ofArithmetic > ofMemory
    ? `${(100 * ofArithmetic).toFixed(0)}% of ${arithmetic} TFLOP/s`
    : `${(100 * ofMemory).toFixed(0)}% of ${card.memory} GB/s`;
}
