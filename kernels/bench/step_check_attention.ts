/**
 * Attention on subgroup matrices against 64-bit arithmetic on the host, over random shapes.
 * @module
 */
import type { Device } from "../webgpu/device/device.ts";
import { tensorAttention } from "../webgpu/ops/attention_tensor.ts";
import { tensorAttentionBackward } from "../webgpu/ops/attention_tensor_gradient.ts";
import type { HeadsShape } from "../webgpu/ops/rotary.ts";
import { Plan } from "../webgpu/plan/plan.ts";
import { relativeError } from "./float64.ts";
import { numbers, words } from "./random.ts";

/** Poisoned buffers and random normalised heads for one attention shape. */
export function attentionBuffers(device: Device, shape: HeadsShape, seed: number, documentLength: number) {
  const { sequences, length, heads, keyValueHeads, headSize } = shape;
  const rows = sequences * length;
  const half = (values: Float32Array) => {
    const stored = Float16Array.from(values);
    const buffer = device.buffer("input", stored.byteLength);
    device.write(buffer, stored);
    return buffer;
  };
  const poisoned = (count: number, bytes: number) => {
    const buffer = device.buffer("output", bytes * count);
    device.write(buffer, new Uint8Array(bytes * count).fill(0xff));
    return buffer;
  };
  const states = numbers(rows * (heads + 2 * keyValueHeads) * headSize, seed);
  for (let at = 0; at < states.length; at += headSize) {
    const head = states.subarray(at, at + headSize);
    const scale = Math.sqrt(headSize / head.reduce((sum, x) => sum + x * x, 0));
    head.forEach((value, i) => head[i] = value * scale);
  }
  const starts = device.buffer("starts", 4 * rows);
  device.write(
    starts,
    Uint32Array.from({ length: rows }, (_, row) => row % length - row % length % documentLength),
  );
  return {
    queryKeyValue: half(states),
    starts,
    output: poisoned(rows * heads * headSize, 2),
    logSums: poisoned(rows * heads, 4),
    outputGradient: half(numbers(rows * heads * headSize, seed + 1)),
    pulls: poisoned(rows * heads, 4),
    parts: poisoned(rows * 3 * heads * headSize, 2),
  };
}

/** Attention of one batch on the host in 64 bits: outputs, and the parts of the gradients as the kernels lay them out. */
function attentionReference(
  { length, heads, keyValueHeads, headSize }: HeadsShape,
  states: Float32Array,
  gradient: Float32Array,
  documentLength: number,
) {
  const all = heads + 2 * keyValueHeads;
  const rows = states.length / (all * headSize);
  const output = new Float32Array(rows * heads * headSize);
  const parts = new Float32Array(rows * 3 * heads * headSize);
  const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, x, i) => sum + x * (b[i] ?? NaN), 0);
  const addTo = (target: Float32Array, factor: number, source: Float32Array) =>
    source.forEach((x, i) => target[i] = (target[i] ?? NaN) + factor * x);
  for (let row = 0; row < rows; row++) {
    const position = row % length;
    const first = row - position % documentLength;
    for (let head = 0; head < heads; head++) {
      const keyHead = heads + Math.floor(head * keyValueHeads / heads);
      const state = (row: number, head: number) =>
        states.subarray((row * all + head) * headSize, (row * all + head + 1) * headSize);
      const part = (row: number, head: number) =>
        parts.subarray((row * 3 * heads + head) * headSize, (row * 3 * heads + head + 1) * headSize);
      const at = (row * heads + head) * headSize;
      const [out, slope] = [output, gradient].map((array) => array.subarray(at, at + headSize));
      if (out === undefined || slope === undefined) continue;
      const chances = Array.from(
        { length: row - first + 1 },
        (_, i) => Math.exp(dot(state(row, head), state(first + i, keyHead)) * headSize ** -0.5),
      );
      const sum = chances.reduce((a, b) => a + b, 0);
      chances.forEach((chance, i) => addTo(out, chance / sum, state(first + i, keyHead + keyValueHeads)));
      const pull = dot(out, slope);
      chances.forEach((chance, i) => {
        const p = chance / sum;
        const ds = p * (dot(slope, state(first + i, keyHead + keyValueHeads)) - pull) * headSize ** -0.5;
        addTo(part(row, head), ds, state(first + i, keyHead));
        addTo(part(first + i, heads + head), ds, state(row, head));
        addTo(part(first + i, 2 * heads + head), p, slope);
      });
    }
  }
  return { output, parts };
}

/** Largest relative errors of the tensor kernels' outputs over random shapes. */
export async function checkAttention(device: Device): Promise<Record<string, number>> {
  const random = words(5);
  const errors: Record<string, number> = {};
  for (let round = 0; round < 4; round++) {
    const keyValueHeads = 1 + random() % 2;
    const shape: HeadsShape = {
      element: "f16",
      sequences: 1 + random() % 2,
      length: 16 * (1 + random() % 12),
      heads: keyValueHeads * (1 + random() % 3),
      keyValueHeads,
      headSize: 64,
      queryKeyEpsilon: 1e-5,
    };
    const documentLength = round % 2 === 0 ? shape.length : 50;
    const buffers = attentionBuffers(device, shape, 10 * round, documentLength);
    new Plan(device, [
      await tensorAttention(device, "attention", shape, buffers),
      ...await tensorAttentionBackward(device, "attention dx", shape, buffers),
    ]).submit();
    const halves = async (buffer: GPUBuffer) =>
      Float32Array.from(new Float16Array(await device.read(buffer)));
    const expected = attentionReference(
      shape,
      await halves(buffers.queryKeyValue),
      await halves(buffers.outputGradient),
      documentLength,
    );
    for (const name of ["output", "parts"] as const) {
      const error = relativeError(await halves(buffers[name]), expected[name]);
      // NaN stays.
      errors[name] = !(error <= (errors[name] ?? 0)) ? error : errors[name] ?? 0;
    }
    Object.values(buffers).forEach((buffer) => buffer.destroy());
  }
  return errors;
}
