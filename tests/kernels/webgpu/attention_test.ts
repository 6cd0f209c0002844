import assert from "node:assert/strict";
import { attention } from "../../../kernels/webgpu/ops/attention.ts";
import {
  attentionBackward,
  type AttentionGradientBuffers,
  attentionPulls,
} from "../../../kernels/webgpu/ops/attention_gradient.ts";
import { suitsTensorAttention, tensorAttention } from "../../../kernels/webgpu/ops/attention_tensor.ts";
import {
  tensorKeyValueGradient,
  tensorQueryGradient,
} from "../../../kernels/webgpu/ops/attention_tensor_gradient.ts";
import type { AttentionTiles } from "../../../kernels/webgpu/ops/attention_tensor_layout.ts";
import type { HeadsShape } from "../../../kernels/webgpu/ops/rotary.ts";
import { attentionMask } from "../../../lib/model/reference.ts";
import { tf } from "../../../lib/model/tensorflow.ts";
import { emulatedTensorDevice } from "./tensor_emulation.ts";
import { Bench } from "./support.ts";

/** softmax(q·kᵀ/√d + mask)·v from rows of q, k and v heads [rows × (H + 2K)·d] → [rows × H·d], and its gradient. */
function oracle(shape: HeadsShape, states: Float32Array, gradient: Float32Array, documents?: Uint32Array) {
  const { sequences: B, length: T, heads: H, keyValueHeads: K, headSize: d } = shape;
  return tf.tidy(() => {
    const mask = attentionMask(B, T, documents);
    const mixed = (x: tf.Tensor) => {
      const parts = tf.split(x.reshape([B, T, H + 2 * K, d]).transpose([0, 2, 1, 3]), [H, K, K], 1);
      const [query, key, value] = parts as [tf.Tensor, tf.Tensor, tf.Tensor];
      const scores = tf.matMul(query.reshape([B, K, -1, d]), key, false, true).mul(d ** -0.5);
      const chances = tf.softmax(scores.reshape([B, H, T, T]).add(mask));
      return tf.matMul(chances.reshape([B, K, -1, T]), value).reshape([B, H, T, d]).transpose([0, 2, 1, 3])
        .reshape([B * T, H * d]);
    };
    const x = tf.tensor(states, [B * T, (H + 2 * K) * d]);
    const output = mixed(x).dataSync<"float32">();
    const dx = tf.grad((x) => mixed(x).mul(tf.tensor(gradient, [B * T, H * d])).sum())(x);
    return { output, gradient: dx.dataSync<"float32">() };
  });
}

/** Sums the parts of keys and values over the query heads that read them: [rows × 3·H·d] → [rows × (H + 2K)·d]. */
function gathered({ heads, keyValueHeads, headSize }: HeadsShape, parts: Float32Array): Float32Array {
  const group = heads / keyValueHeads;
  const rows = parts.length / (3 * heads * headSize);
  const result = new Float32Array(rows * (heads + 2 * keyValueHeads) * headSize);
  for (let row = 0; row < rows; row++) {
    for (let head = 0; head < 3 * heads; head++) {
      const to = head < heads ? head : heads + Math.floor((head - heads) / group);
      for (let i = 0; i < headSize; i++) {
        const at = (row * (heads + 2 * keyValueHeads) + to) * headSize + i;
        result[at] = (result[at] ?? NaN) + (parts[(row * 3 * heads + head) * headSize + i] ?? NaN);
      }
    }
  }
  return result;
}

/** Gives every head's queries and keys the length √d that QK-norm gives them. */
function normalised({ heads, keyValueHeads, headSize }: HeadsShape, states: Float32Array): Float32Array {
  const all = heads + 2 * keyValueHeads;
  return states.map((value, i) => {
    const head = Math.floor(i / headSize);
    if (head % all >= heads + keyValueHeads) return value;
    return value /
      Math.sqrt(
        states.subarray(head * headSize, (head + 1) * headSize).reduce((s, x) => s + x * x, 0) / headSize,
      );
  });
}

async function check(
  bench: Bench,
  shape: HeadsShape,
  documents: Uint32Array | undefined,
  tensor: boolean,
  tiles?: AttentionTiles,
) {
  const { sequences, length, heads, keyValueHeads, headSize } = shape;
  const rows = sequences * length;
  const states = bench.rounded(
    normalised(shape, bench.random(rows * (heads + 2 * keyValueHeads) * headSize)),
  );
  const outputGradient = bench.random(rows * heads * headSize);
  const starts = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) {
    const begins = row % length === 0 || documents?.[row] !== documents?.[row - 1];
    starts[row] = begins ? row % length : (starts[row - 1] ?? 0);
  }
  const buffers: AttentionGradientBuffers = {
    queryKeyValue: bench.buffer(states),
    starts: bench.buffer(starts),
    output: bench.poisoned(rows * heads * headSize),
    logSums: bench.poisoned(rows * heads, "f32"),
    outputGradient: bench.buffer(outputGradient),
    pulls: bench.poisoned(rows * heads, "f32"),
    parts: bench.poisoned(rows * 3 * heads * headSize),
  };
  const device = tensor ? emulatedTensorDevice(bench.device) : bench.device;
  assert.equal(suitsTensorAttention(device, shape), tensor);
  const dispatches = tensor
    ? [
      await tensorAttention(device, "attention", shape, buffers, tiles),
      await attentionPulls(device, "pulls", shape, buffers),
      await tensorQueryGradient(device, "queries", shape, buffers, tiles),
      await tensorKeyValueGradient(device, "keys", shape, buffers, tiles),
    ]
    : [
      await attention(device, "attention", shape, buffers),
      ...await attentionBackward(device, "attention dx", shape, buffers),
    ];
  bench.run(...dispatches);
  const expected = oracle(shape, states, outputGradient, documents);
  await bench.assertHolds(buffers.output, expected.output, "output");
  const gradient = gathered(shape, await bench.read(buffers.parts, rows * 3 * heads * headSize));
  const split = (values: Float32Array, from: number, to: number) =>
    values.filter((_, i) => {
      const head = Math.floor(i / headSize) % (heads + 2 * keyValueHeads);
      return head >= from && head < to;
    });
  const ends = {
    queries: [0, heads],
    keys: [heads, heads + keyValueHeads],
    values: [heads + keyValueHeads, Infinity],
  };
  for (const [name, [from = 0, to = 0]] of Object.entries(ends)) {
    const buffer = bench.buffer(split(gradient, from, to), "f32");
    await bench.assertHolds(buffer, split(expected.gradient, from, to), `gradient of ${name}`, "f32");
  }
}

const GROUPED = { sequences: 2, length: 75, heads: 4, keyValueHeads: 2, headSize: 12, queryKeyEpsilon: null };

for (const element of ["f32", "f16"] as const) {
  Deno.test(`attention() and its gradient equal tfjs where no size fits a tile (${element})`, async () => {
    using bench = await Bench.open(element);
    await check(bench, { element, ...GROUPED }, undefined, false);
  });

  Deno.test(`attention() never crosses from one document to another (${element})`, async () => {
    using bench = await Bench.open(element);
    const documents = Uint32Array.from({ length: 150 }, (_, i) => Math.floor(i / 29));
    await check(bench, { element, ...GROUPED }, documents, false);
  });
}

/** QK-norm's, so that the tensor kernels take it; the emulation is slow. */
const NORMALISED = {
  element: "f16",
  sequences: 2,
  length: 80,
  heads: 2,
  keyValueHeads: 1,
  queryKeyEpsilon: 1e-5,
} as const;

for (
  const { subgroups, tile, headSize } of [
    { subgroups: 4, tile: 16, headSize: 32 },
    { subgroups: 2, tile: 32, headSize: 16 },
  ]
) {
  const name = `${subgroups} subgroups, tiles of ${tile}, heads of ${headSize}`;
  Deno.test(`tensorAttention() and its gradient equal tfjs on emulated subgroup matrices: ${name}`, async () => {
    using bench = await Bench.open("f16");
    const shape = { ...NORMALISED, headSize };
    const documents = Uint32Array.from({ length: 160 }, (_, i) => Math.floor(i / 37));
    await check(bench, shape, undefined, true, { subgroups, tile });
    await check(bench, shape, documents, true, { subgroups, tile });
  });
}
