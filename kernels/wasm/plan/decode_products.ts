/**
 * y = base + x·Wᵀ over the rows of a pass, shared out by columns; every worker makes the rows x for itself.
 * @module
 */
import { type DecodeMatrix, MOST_COLUMNS } from "../memory/decode.ts";
import { roundUp } from "../memory/arena.ts";
import type { Phase } from "./context.ts";
import { type DecodeContext, lazyPhase } from "./decode_context.ts";
import type { Rows } from "./products.ts";

/** Tasks that a small product is cut into. */
const FEWEST_TASKS = 8;

/**
 * A product as a phase.
 *
 * @param rows Rows of this pass that it is computed for.
 * @param prepare Writes them to the scratch's `input`, one after another.
 * @param store Takes `count` columns from `from` on: `multiply` computes them, to any place.
 * @param multiple Tasks begin at a multiple of so many columns, itself one of 8.
 */
export function productPhase(
  context: DecodeContext,
  matrix: DecodeMatrix,
  rows: () => number,
  prepare: () => void,
  store: (from: number, count: number, multiply: (base: Rows | undefined, y: Rows) => void) => void,
  multiple = 32,
): Phase {
  const { kernels, scratch } = context;
  const { inputs, outputs } = matrix;
  const columns = roundUp(Math.min(MOST_COLUMNS, outputs / FEWEST_TASKS), multiple);
  const tasks = Math.ceil(outputs / columns);
  return lazyPhase(
    context,
    () => rows() === 0 ? 0 : tasks,
    (task) => {
      const from = task * columns;
      const count = Math.min(columns, outputs - from);
      store(from, count, (base, y) => multiply(context, matrix, rows(), from, count, base, y));
    },
    () => {
      prepare();
      if (matrix.kind === "float32") return;
      const { quantised, corrections, steps } = scratch;
      kernels.quantiseRows(scratch.input, rows(), inputs, matrix.group, quantised, corrections, steps);
    },
  );
}

function multiply(
  { kernels, scratch }: DecodeContext,
  matrix: DecodeMatrix,
  rows: number,
  from: number,
  count: number,
  base: Rows | undefined,
  y: Rows,
) {
  const { inputs } = matrix;
  const [baseAt, baseStride] = [base?.at ?? 0, base?.stride ?? 0];
  if (matrix.kind === "4-bit") {
    const { packed, scales, group } = matrix;
    const { quantised, corrections, steps } = scratch;
    kernels.multiplyQuantised(
      quantised,
      corrections,
      steps,
      rows,
      packed + from * inputs / 2,
      scales + 4 * from * inputs / group,
      inputs,
      group,
      count,
      baseAt,
      baseStride,
      y.at,
      y.stride,
    );
    return;
  }
  const panels = matrix.panels + 4 * from * roundUp(inputs, 4);
  const { input, left, edge } = scratch;
  if (rows === 1) kernels.multiplyRow(input, panels, inputs, count, baseAt, y.at);
  else {
    kernels.multiplyPacked(
      input,
      4 * inputs,
      panels,
      inputs,
      rows,
      count,
      baseAt,
      baseStride,
      y.at,
      y.stride,
      left,
      edge,
    );
  }
}
