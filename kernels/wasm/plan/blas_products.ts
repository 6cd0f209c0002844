/**
 * The products of a linear layer by a system BLAS, from the weights as they are: no panels.
 * @module
 */
import type { Multiply } from "../blas.ts";
import type { Kernels } from "../kernels.ts";
import { evenBlocks } from "./blocks.ts";
import type { Products, Rows } from "./products.ts";

/** Outputs of a layer whose weight gradient one task computes at most. */
const GRADIENT_ROWS = 512;

function elements({ at, stride }: Rows) {
  return { at, stride: stride / 4 };
}

export function blasProducts(multiply: Multiply, kernels: Kernels): Products {
  return {
    forward(x, rows, { weights, inputs, outputs }, base, y) {
      // Where there is a base, it and y are rows of the residual stream, without gaps.
      if (base !== undefined) kernels.copy(y.at, base.at, rows * y.stride);
      const transposed = { at: weights, stride: inputs, transposed: true };
      multiply(rows, outputs, inputs, elements(x), transposed, base === undefined ? 0 : 1, elements(y));
    },
    backward(dy, rows, { weights, inputs, outputs }, dx) {
      multiply(rows, inputs, outputs, elements(dy), { at: weights, stride: inputs }, 0, elements(dx));
    },
    weightGradient(dy, x, rows, { gradient, inputs, outputs }, accumulate) {
      return evenBlocks(outputs, GRADIENT_ROWS, 8).map(({ from, count }) => () => {
        const transposed = { at: dy.at + 4 * from, stride: dy.stride / 4, transposed: true };
        const target = { at: gradient + 4 * from * inputs, stride: inputs };
        multiply(count, inputs, rows, transposed, elements(x), accumulate() ? 1 : 0, target);
      });
    },
  };
}
