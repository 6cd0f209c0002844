/**
 * The passes of influence: forward and backward as in training, with other work in the place of each weight's gradient.
 * @module
 */
import type { InfluenceGroup, InfluenceMemory, InfluenceScratch } from "../memory/influence.ts";
import { layersBackward } from "./backward.ts";
import { type Context, NO_SETTINGS, type Phase } from "./context.ts";
import { forwardPhases } from "./forward.ts";
import { lossPhases } from "./head.ts";
import type { Products, Rows } from "./products.ts";

/** Everything that a task of influence reads. */
export interface InfluenceContext extends Context {
  readonly influence: InfluenceMemory;
  readonly own: InfluenceScratch;
}

export type Tasks = (() => void)[];

/** What is done with a tensor once the gradients of its outputs and its inputs stand there, for all positions of the batch. */
export type GroupTasks = (group: InfluenceGroup, index: number, dy: Rows, x: Rows) => Tasks;

/**
 * Both passes over a batch whose logits are held at once; the gradients of the embedding's outputs are left in
 * `outputGradient`. The loss is Σ weight·loss, whatever the weights sum to.
 */
export function influencePasses(context: InfluenceContext, tasksOf: GroupTasks): Phase[] {
  const weightGradient: Products["weightGradient"] = (dy, x, _rows, matrix) =>
    context.influence.groups.flatMap((group, i) =>
      group.matrix === matrix ? tasksOf(group, i, { at: dy.at + 4 * group.column, stride: dy.stride }, x) : []
    );
  const inner: Context = {
    ...context,
    products: { ...context.products, weightGradient },
    settings: { ...NO_SETTINGS, lossScale: 1 },
  };
  return [...forwardPhases(inner), ...lossPhases(inner, true), ...layersBackward(inner)];
}
