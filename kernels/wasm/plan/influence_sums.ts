/**
 * Sums of the sequences' gradients with a weight for each sequence and tensor. The weights differ from tensor to tensor, so
 * they weight the positions in each tensor's own product; a weighted loss would weight all tensors alike.
 * @module
 */
import { GRADIENT_COLUMNS, GRADIENT_ROWS } from "../memory/batch.ts";
import { vocabularyRanges } from "./backward.ts";
import { evenBlocks } from "./blocks.ts";
import { type Phase, phase } from "./context.ts";
import { type GroupTasks, type InfluenceContext, influencePasses, type Tasks } from "./influence.ts";

/** Σ weight·gradient for each vector, in its place; what belongs to no group is left as it was. */
export function influenceSumPhases(context: InfluenceContext): Phase[] {
  return [...influencePasses(context, linearTasks(context)), phase(gatheredTasks(context))];
}

/** What tensors give as factors of a product y = x·Wᵀ: dYᵀ·diag(weights)·X. */
function linearTasks({ kernels, memory, influence, own, scratch }: InfluenceContext): GroupTasks {
  return ({ place, outputs, inputs }, index, dy, x) =>
    influence.vectors.flatMap(({ values, rowWeights }) =>
      evenBlocks(outputs, GRADIENT_ROWS, 5).flatMap((output) =>
        evenBlocks(inputs, GRADIENT_COLUMNS, 8).map((input) => () =>
          kernels.multiplyTransposedWeighted(
            dy.at + 4 * output.from,
            dy.stride,
            x.at + 4 * input.from,
            x.stride,
            weightsOf(rowWeights, index),
            memory.rows,
            output.count,
            input.count,
            values + 4 * (place + output.from * inputs + input.from),
            4 * inputs,
            scratch.left,
            own.right,
            scratch.edge,
          )
        )
      )
    );
}

/** What the embedding's rows give as the first layer's input, on top of what they give as the head. */
function gatheredTasks(
  { kernels, shape: { width, vocabularySize }, memory, influence }: InfluenceContext,
): Tasks {
  return influence.groups.flatMap((group, index) =>
    group.gathered
      ? influence.vectors.flatMap(({ values, rowWeights }) =>
        vocabularyRanges(vocabularySize).map(({ from, count }) => () => {
          const sum = values + 4 * group.place;
          if (group.matrix === undefined) kernels.clear(sum + 4 * width * from, 4 * width * count);
          kernels.scatterRowsWeighted(
            memory.tokens,
            weightsOf(rowWeights, index),
            memory.outputGradient,
            sum,
            memory.rows,
            width,
            from,
            from + count,
          );
        })
      )
      : []
  );
}

function weightsOf(rowWeights: readonly number[], group: number): number {
  return rowWeights[group] as number; // One entry a group.
}
