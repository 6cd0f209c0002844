/**
 * What a decoding step takes on a GPU: as a whole, and kernel by kernel.
 * @module
 */
import type { TransformerShape } from "../wasm/shape.ts";
import type { Device } from "../webgpu/device/device.ts";
import { bytesOf } from "../webgpu/ops/kernel.ts";
import { MOST_PROMPT_ROWS } from "../webgpu/plan/decode.ts";
import { MOST_STEPS } from "../webgpu/plan/decode_buffers.ts";
import { type DrawRow, readTokens, type TokenRow, writeTokens } from "../webgpu/plan/decode_run.ts";
import { elementOf } from "../webgpu/plan/decode_weights.ts";
import { memoryBandwidth } from "./gpu_cards.ts";
import { type Format, randomModel } from "./gpu_decode_model.ts";
import { grouped, type KernelTime } from "./step_measure.ts";

/** Rounds of 64 steps, of which the median counts. */
const ROUNDS = 7;

/** Milliseconds after which an idle GPU runs at its working clock. */
const WARMING = 500;

/** Bytes of cache that are tried. */
const MOST_CACHE = 48 * 2 ** 30;

/** Passes of `MOST_PROMPT_ROWS` prompt tokens that are timed. */
const PASSES = 4;

/** A step of all slots, with its share in the readback of 64. */
export interface DecodeTime {
  /** Of all slots. */
  readonly tokensPerSecond: number;
  readonly milliseconds: number;
  /** The fastest and the slowest round. */
  readonly range: readonly [number, number];
  readonly dispatches: number;
  /** Bytes of all buffers on the device. */
  readonly memory: number;
  /** Weights and cache that a step has to read. */
  readonly gigabytesPerSecond: number;
  /** Of the card's memory bandwidth; null for an unknown card. */
  readonly share: number | null;
  /** Prompt tokens a second of one slot, from the context's end on. */
  readonly prefill: number;
}

/** How tokens are drawn. */
export interface Drawing {
  readonly temperature: number;
  readonly topP: number;
}

/** Bytes of keys and values at a position. */
function positionBytes(device: Device, { layers, keyValueHeads, headSize }: TransformerShape): number {
  return 2 * layers * keyValueHeads * headSize * bytesOf(elementOf(device));
}

/** Contexts whose cache fits, or at least the shortest. */
export function contextsThatFit(
  device: Device,
  shape: TransformerShape,
  slots: number,
  contexts: readonly number[],
): number[] {
  const largest = Math.min(MOST_CACHE, 2 * shape.layers * device.gpu.limits.maxStorageBufferBindingSize);
  return contexts.filter((context, i) =>
    i === 0 || slots * (context + MOST_PROMPT_ROWS) * positionBytes(device, shape) <= largest
  );
}

/** Times steps at several contexts. */
export async function timeDecoding(
  device: Device,
  shape: TransformerShape,
  format: Format,
  slots: number,
  contexts: readonly number[],
  drawing: Drawing,
  tell: (context: number, time: DecodeTime) => void,
): Promise<Record<number, DecodeTime>> {
  const model = randomModel(device, shape, format, {
    slots,
    capacity: Math.max(...contexts) + MOST_PROMPT_ROWS,
  });
  const times: Record<number, DecodeTime> = {};
  for (const context of contexts) {
    await readTokens(model, lastTokens(slots, context));
    const rows = drawRows(slots, context, drawing);
    const round = async () => {
      const start = performance.now();
      await writeTokens(model, rows, MOST_STEPS);
      return (performance.now() - start) / MOST_STEPS;
    };
    for (const end = performance.now() + WARMING; performance.now() < end;) await round();
    const measured: number[] = [];
    for (let i = 0; i < ROUNDS; i++) measured.push(await round());
    measured.sort((a, b) => a - b);
    const [fastest = NaN, milliseconds = NaN, slowest = NaN] = [0, ROUNDS >> 1, ROUNDS - 1].map((i) =>
      measured[i]
    );
    const bytes = model.memory.weights + slots * context * positionBytes(device, shape);
    const gigabytesPerSecond = bytes / milliseconds / 1e6;
    const bandwidth = memoryBandwidth(device);
    const prompt = Array.from({ length: MOST_PROMPT_ROWS }, (_, i): TokenRow => ({
      token: i,
      slot: 0,
      position: context + i,
      ends: i === MOST_PROMPT_ROWS - 1,
    }));
    // Once before, to have its kernels compiled.
    await readTokens(model, prompt);
    await device.settled();
    const start = performance.now();
    for (let i = 0; i < PASSES; i++) await readTokens(model, prompt);
    await device.settled();
    const time: DecodeTime = {
      tokensPerSecond: 1000 * slots / milliseconds,
      milliseconds,
      range: [fastest, slowest],
      dispatches: (await model.step(slots, context + MOST_STEPS)).length,
      memory: device.allocatedBytes,
      gigabytesPerSecond,
      share: bandwidth === null ? null : gigabytesPerSecond / bandwidth,
      prefill: 1000 * PASSES * MOST_PROMPT_ROWS / (performance.now() - start),
    };
    times[context] = time;
    tell(context, time);
  }
  return times;
}

/** Times of every kernel of a step, the most expensive first. */
export async function profileSteps(
  device: Device,
  shape: TransformerShape,
  format: Format,
  slots: number,
  context: number,
  drawing: Drawing,
): Promise<KernelTime[]> {
  const model = randomModel(device, shape, format, { slots, capacity: context + MOST_PROMPT_ROWS });
  await readTokens(model, lastTokens(slots, context));
  const rows = drawRows(slots, context, drawing);
  for (const end = performance.now() + WARMING; performance.now() < end;) await writeTokens(model, rows, 8);
  return grouped(await (await model.step(slots, context + 8)).profile());
}

/** Each slot's token before the first that is drawn: gives it logits to begin with. */
function lastTokens(slots: number, context: number): TokenRow[] {
  return Array.from({ length: slots }, (_, slot) => ({ token: 1, slot, position: context - 1, ends: true }));
}

function drawRows(slots: number, length: number, drawing: Drawing): DrawRow[] {
  return Array.from({ length: slots }, (_, slot) => ({
    slot,
    length,
    ...drawing,
    topK: Infinity,
    uniforms: Float32Array.from({ length: MOST_STEPS }, (_, i) => (i * 0.37 + slot * 0.11) % 1),
  }));
}
