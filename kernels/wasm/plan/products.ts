/**
 * The matrix products of a linear layer y = x·Wᵀ, as a task calls them on its rows.
 *
 * Matrices are row-major and given by address and stride in bytes.
 * @module
 */
import { GRADIENT_COLUMNS, GRADIENT_ROWS, type Scratch } from "../memory/batch.ts";
import type { Matrix } from "../memory/model.ts";
import type { Kernels } from "../kernels.ts";
import { evenBlocks } from "./blocks.ts";

/** Rows of a row-major matrix. */
export interface Rows {
  readonly at: number;
  readonly stride: number;
}

/** The three products that training needs of a linear layer. */
export interface Products {
  /** y [rows × outputs] = base + x·Wᵀ. */
  forward(x: Rows, rows: number, matrix: Matrix, base: Rows | undefined, y: Rows): void;
  /** dx [rows × inputs] = dy·W. */
  backward(dy: Rows, rows: number, matrix: Matrix, dx: Rows): void;
  /** Tasks that together compute dW [outputs × inputs] = (accumulate() ? dW : 0) + dyᵀ·x. */
  weightGradient(dy: Rows, x: Rows, rows: number, matrix: Matrix, accumulate: () => boolean): (() => void)[];
}

/** Products by our own kernels, from packed panels of the weights. */
export function packedProducts(kernels: Kernels, scratch: Scratch): Products {
  const { left, right, edge } = scratch;
  return {
    forward(x, rows, { forwardPanels, inputs, outputs }, base, y) {
      const [from, stride] = [base?.at ?? 0, base?.stride ?? 0];
      kernels.multiplyPacked(
        x.at,
        x.stride,
        forwardPanels,
        inputs,
        rows,
        outputs,
        from,
        stride,
        y.at,
        y.stride,
        left,
        edge,
      );
    },
    backward(dy, rows, { backwardPanels, inputs, outputs }, dx) {
      kernels.multiplyPacked(
        dy.at,
        dy.stride,
        backwardPanels,
        outputs,
        rows,
        inputs,
        0,
        0,
        dx.at,
        dx.stride,
        left,
        edge,
      );
    },
    weightGradient(dy, x, rows, { gradient, inputs, outputs }, accumulate) {
      return evenBlocks(outputs, GRADIENT_ROWS, 5).flatMap((output) =>
        evenBlocks(inputs, GRADIENT_COLUMNS, 8).map((input) => () =>
          kernels.multiplyTransposed(
            dy.at + 4 * output.from,
            dy.stride,
            x.at + 4 * input.from,
            x.stride,
            rows,
            output.count,
            input.count,
            accumulate() ? 1 : 0,
            gradient + 4 * (output.from * inputs + input.from),
            4 * inputs,
            left,
            right,
            edge,
          )
        )
      );
    },
  };
}
