/**
 * A decoder full of random numbers, and how fast it writes.
 * @module
 */
import { DecodeRuntime } from "../wasm/decode_runtime.ts";
import type { DecodeLayout, DecodeMatrix, Groups } from "../wasm/memory/decode.ts";
import { roundUp } from "../wasm/memory/arena.ts";
import type { TransformerShape } from "../wasm/shape.ts";
import { median } from "./median.ts";
import { words } from "./random.ts";

/** What Table 1 of the paper has in common. */
const FAMILY = {
  vocabularySize: 128256,
  headSize: 64,
  ropeTheta: 8e6,
  ropeScaling: null,
  normEpsilon: 1e-5,
  queryKeyNorm: "after rope",
  tiedEmbeddings: true,
} as const;

/** The published sizes, with the groups of the on-device setting: 32 for the smallest, 128 otherwise. */
export const DEVICE_MODELS: Readonly<Record<string, { shape: TransformerShape; group: number }>> = {
  "140M": {
    shape: { ...FAMILY, layers: 15, width: 576, heads: 9, keyValueHeads: 3, feedForwardWidth: 2048 },
    group: 32,
  },
  "360M": {
    shape: { ...FAMILY, layers: 15, width: 1024, heads: 16, keyValueHeads: 4, feedForwardWidth: 4096 },
    group: 128,
  },
  "950M": {
    shape: { ...FAMILY, layers: 22, width: 1536, heads: 24, keyValueHeads: 6, feedForwardWidth: 6144 },
    group: 128,
  },
};

/** Groups of 4-bit weights; embedding and head have 32. */
export function groupsOf(group: number): Groups {
  return { embedding: 32, head: 32, queryKeyValue: group, output: group, gateUp: group, down: group };
}

/** Numbers that stay within bounds through all layers. */
const SCALE = 0.02;

/** Starts a decoder with one slot, weights and cache filled. @throws {MemoryLimitError} where it does not fit. */
export async function randomDecoder(
  shape: TransformerShape,
  capacity: number,
  workers: number,
  groups: Groups | null,
): Promise<DecodeRuntime> {
  const layout: DecodeLayout = { shape, slots: 1, capacity, workers, groups };
  const runtime = await DecodeRuntime.start(layout, "auto");
  const { places } = runtime;
  // A few thousand random words, again and again: a decoder's speed does not depend on them.
  const next = words(1);
  const noise = Uint32Array.from({ length: 4096 }, next);
  const uniform = Float32Array.from(noise, (word) => SCALE * (word / 2 ** 31 - 1));
  const fill = <Numbers extends Float32Array | Uint32Array>(target: Numbers, pattern: Numbers) => {
    for (let at = 0; at < target.length; at += pattern.length) {
      target.set(pattern.subarray(0, Math.min(pattern.length, target.length - at)), at);
    }
  };
  const matrix = (place: DecodeMatrix) => {
    const { outputs, inputs } = place;
    if (place.kind === "float32") {
      return fill(runtime.floats(place.panels, roundUp(outputs, 8) * roundUp(inputs, 4)), uniform);
    }
    const count = roundUp(outputs, 4) * inputs;
    fill(runtime.words(place.packed, count / 8), noise);
    runtime.floats(place.scales, count / place.group).fill(SCALE / 8);
  };
  matrix(places.embedding);
  if (places.head !== places.embedding) matrix(places.head);
  for (const layer of places.layers) {
    for (const place of [layer.queryKeyValue, layer.output, layer.gateUp, layer.down]) matrix(place);
    for (const norm of [layer.attentionNorm, layer.feedForwardNorm]) {
      runtime.floats(norm, shape.width).fill(1);
    }
    const cached = shape.keyValueHeads * places.cachePositions * shape.headSize;
    for (const cache of [layer.keys, layer.values]) fill(runtime.floats(cache, cached), uniform);
  }
  runtime.floats(places.finalNorm, shape.width).fill(1);
  return runtime;
}

/** Tokens/s of greedy decoding at the end of a cache that holds `capacity` positions: the median of so many tokens. */
export async function decodeRate(runtime: DecodeRuntime, tokens: number): Promise<number> {
  const { places, layout: { capacity, shape: { vocabularySize } } } = runtime;
  const times: number[] = [];
  let token = 1;
  for (let i = 0; i < tokens; i++) {
    const start = performance.now();
    runtime.words(places.tokens, 1)[0] = token;
    runtime.words(places.rowSlots, 1)[0] = 0;
    runtime.words(places.positions, 1)[0] = capacity - tokens + i;
    runtime.words(places.logitRows, 1)[0] = 0;
    await runtime.run({ rows: 1, logits: 1 });
    const logits = runtime.floats(places.logits, vocabularySize);
    token = logits.indexOf(logits.reduce((a, b) => Math.max(a, b)));
    times.push(performance.now() - start);
  }
  return 1000 / median(times);
}
