/**
 * The passes of influence: forward and backward as in training, with other work in the place of each matrix's gradient.
 * @module
 */
import type { Matrix } from "../ops/product_spec.ts";
import type { Dispatch } from "./dispatch.ts";
import type { InfluenceBuffers, InfluenceVector } from "./influence_buffers.ts";
import type { InfluenceGroup } from "./influence_groups.ts";
import { layersBackward } from "./transformer_backward.ts";
import { type Context, forwardDispatches, inOrder, type WeightFactors } from "./transformer_forward.ts";
import { headDispatches } from "./transformer_head.ts";

/** Everything that the lists of dispatches are made from. */
export interface InfluenceContext extends Context {
  readonly groups: readonly InfluenceGroup[];
  readonly vectors: readonly InfluenceVector[];
  readonly buffers: InfluenceBuffers;
  /** The loss scale, first, and what the head reports. */
  readonly scalars: { readonly settings: GPUBuffer; readonly report: GPUBuffer };
}

/** Both passes over a batch; the gradients of the embedding's outputs are left in gradients.x. */
export function influencePasses(
  context: InfluenceContext,
  weightGradient: (factors: WeightFactors) => Promise<Dispatch[]>,
): Promise<Dispatch[]> {
  const inner = { ...context, weightGradient };
  return inOrder([
    forwardDispatches(inner),
    headDispatches(inner, context.scalars),
    layersBackward(inner),
  ]);
}

/** The tensors that take part and are rows of a matrix. */
export function groupsOf({ groups }: InfluenceContext, { place }: WeightFactors): InfluenceGroup[] {
  return groups.filter((group) => group.multiplied && group.place === place);
}

/** The gradients of a tensor's outputs: columns of those of its matrix. */
export function outputsOf({ dy, outputs }: WeightFactors, { firstOutput }: InfluenceGroup): Matrix {
  return { ...dy, offset: (dy.offset ?? 0) + firstOutput, stride: dy.stride ?? outputs };
}
