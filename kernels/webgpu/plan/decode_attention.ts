/**
 * Attention over the cache: how it is cut into workgroups, and its dispatches.
 * @module
 */
import type { Device } from "../device/device.ts";
import type { CacheShape } from "../ops/decode/cache.ts";
import {
  type AttentionSize,
  cachedAttention,
  type CachedAttentionBuffers,
  plainTile,
} from "../ops/decode/cached_attention.ts";
import {
  suitsTensorCache,
  TENSOR_TILE,
  tensorCachedAttention,
} from "../ops/decode/cached_attention_tensor.ts";
import { mergeSplits } from "../ops/decode/merge_splits.ts";
import type { Pending } from "./transformer_forward.ts";

/** Positions that a workgroup has at least, where more of them would be idle. */
const SPLIT_POSITIONS = 128;

/** Workgroups that keep a card busy. */
const BUSY = 256;

/** Most workgroups that share a tile's positions. */
const MOST_SPLITS = 64;

/** Rows of a workgroup where rows come in tiles that have one slot each, as those of long prompts do. */
export function attentionTile(device: Device, shape: CacheShape): number {
  return suitsTensorCache(device, shape) ? TENSOR_TILE : plainTile(shape);
}

/** Workgroups that share a tile's positions: a power of four, so that few plans serve all lengths. */
export function attentionSplits(
  { rows, tile }: Pick<AttentionSize, "rows" | "tile">,
  keyValueHeads: number,
  positions: number,
): number {
  const wanted = Math.min(
    positions / SPLIT_POSITIONS,
    BUSY * tile / (rows * keyValueHeads),
    MOST_SPLITS,
  );
  return 4 ** Math.max(0, Math.floor(Math.log(wanted) / Math.log(4) + 0.5));
}

/** Queries and cache → output. */
export function attentionDispatches(
  device: Device,
  label: string,
  shape: CacheShape,
  size: AttentionSize,
  buffers: CachedAttentionBuffers,
): Pending[] {
  const attend = size.tile > 1 && suitsTensorCache(device, shape) ? tensorCachedAttention : cachedAttention;
  return [
    attend(device, `${label} attention`, shape, size, buffers),
    ...(size.splits === 1 ? [] : [mergeSplits(device, `${label} merge`, shape, size, buffers)]),
  ];
}
