/**
 * What happens to the parameters once a gradient is complete: its norm, AdamW, and fresh panels of the weights.
 * @module
 */
import { roundUp } from "../memory/arena.ts";
import { type Matrix, type ModelMemory, UPDATE_BLOCK } from "../memory/model.ts";
import type { Kernels } from "../kernels.ts";
import { blocks, evenBlocks } from "./blocks.ts";
import { type Phase, phase } from "./context.ts";

/** Rows or columns of a matrix that one packing task covers: whole panels. */
const PACKING_BLOCK = 64;

/** AdamW's numbers, as assembly/adamw.ts names them. */
export interface Update {
  /** Runs of parameters with what decay leaves of each: 1 − lr·decay, or 1. */
  readonly runs: readonly { readonly from: number; readonly count: number; readonly keep: number }[];
  /** What clipping multiplies the gradient by. */
  readonly clip: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** lr / (1 − β₁ᵗ). */
  readonly stepSize: number;
  /** √(1 − β₂ᵗ). */
  readonly correction: number;
}

/** Every weight matrix that products read. */
function matricesOf(model: ModelMemory): Matrix[] {
  return [
    model.head,
    ...model.layers.flatMap((layer) => [layer.queryKeyValue, layer.output, layer.gateUp, layer.down]),
  ];
}

/** Σ g² of every block of the gradient. */
export function squaresPhase(kernels: Kernels, model: ModelMemory): Phase {
  return phase(
    blocks(model.places.count, UPDATE_BLOCK).map(({ from, count }, i) => () =>
      kernels.sumOfSquares(model.gradient + 4 * from, count, model.squares + 8 * i)
    ),
  );
}

/** AdamW over all parameters. */
export function adamwPhase(kernels: Kernels, model: ModelMemory, update: Update): Phase {
  return phase(update.runs.flatMap((run) =>
    blocks(run.count, UPDATE_BLOCK).map(({ from, count }) => () => {
      const offset = 4 * (run.from + from);
      kernels.adamw(
        model.weights + offset,
        model.gradient + offset,
        model.firstMoment + offset,
        model.secondMoment + offset,
        count,
        update.clip,
        run.keep,
        1 - update.beta1,
        update.beta2,
        1 - update.beta2,
        update.stepSize,
        update.correction,
        update.epsilon,
      );
    })
  ));
}

/** Panels of the weights, as the products read them. */
export function packingPhase(kernels: Kernels, model: ModelMemory): Phase {
  return phase(
    matricesOf(model).flatMap(({ weights, outputs, inputs, forwardPanels, backwardPanels }) => [
      ...packingTasks(kernels, weights, outputs, inputs, forwardPanels),
      ...(model.training ? evenBlocks(inputs, PACKING_BLOCK, 8) : []).map(({ from, count }) => () =>
        kernels.packRight(
          weights + 4 * from,
          4 * inputs,
          count,
          outputs,
          backwardPanels + depthBytes(outputs) * from,
        )
      ),
    ]),
  );
}

/** Right panels of Wᵀ for a matrix W [outputs × inputs]. */
export function packingTasks(
  kernels: Kernels,
  weights: number,
  outputs: number,
  inputs: number,
  panels: number,
): (() => void)[] {
  return evenBlocks(outputs, PACKING_BLOCK, 8).map(({ from, count }) => () => {
    const rows = weights + 4 * inputs * from;
    kernels.packRightTransposed(rows, 4 * inputs, count, inputs, panels + depthBytes(inputs) * from);
  });
}

/** Bytes of one column of right panels. */
function depthBytes(depth: number): number {
  return 4 * roundUp(depth, 4);
}
