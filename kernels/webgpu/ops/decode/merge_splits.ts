/**
 * What the workgroups that shared a row's positions left, put together.
 * @module
 */
import type { Device } from "../../device/device.ts";
import type { Dispatch } from "../../plan/dispatch.ts";
import { dispatch } from "../kernel.ts";
import type { CacheShape } from "./cache.ts";
import { type AttentionSize, type CachedAttentionBuffers, LEAST, NONE } from "./cached_attention.ts";

const THREADS = 128;

/** The splits' parts → output: Σ e^(mₛ − m)·oₛ / Σ e^(mₛ − m)·lₛ with m the largest mₛ. */
export function mergeSplits(
  device: Device,
  label: string,
  { heads, headSize }: CacheShape,
  { rows, splits }: Pick<AttentionSize, "rows" | "splits">,
  { parts, partSums, output }: Pick<CachedAttentionBuffers, "parts" | "partSums" | "output">,
): Promise<Dispatch> {
  const quarters = headSize / 4;
  const items = rows * heads * quarters;
  const code = `
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) index: u32) {
  let i = workgroupIndex(id) * ${THREADS} + index;
  if (i >= ${items}) { return; }
  let head = i / ${quarters} * ${splits};
  var most = ${NONE};
  for (var s = 0u; s < ${splits}; s++) { most = max(most, partSums[head + s].x); }
  var mixed = vec4f();
  var sum = 0f;
  for (var s = 0u; s < ${splits}; s++) {
    let part = partSums[head + s];
    let factor = exp(part.x - most);
    sum += factor * part.y;
    mixed += factor * parts[(head + s) * ${quarters} + i % ${quarters}];
  }
  output[i] = mixed / max(sum, ${LEAST});
}`;
  return dispatch(device, {
    label,
    code,
    bindings: [
      { name: "parts", type: "vec4f", access: "read", buffer: parts },
      { name: "partSums", type: "vec2f", access: "read", buffer: partSums },
      { name: "output", type: "vec4f", access: "read_write", buffer: output },
    ],
    workgroups: Math.ceil(items / THREADS),
    flops: 3 * rows * heads * headSize * splits,
    bytes: 4 * rows * heads * headSize * (splits + 1),
  });
}
