/**
 * What the steps of the backward pass share: the gradients of a product and of a norm.
 * @module
 */
import { rmsNormBackward } from "../ops/norm.ts";
import { product } from "../ops/product.ts";
import type { Dispatch } from "./dispatch.ts";
import type { GradientBuffers } from "./transformer_activations.ts";
import { activation, type Context, normShape, type WeightFactors } from "./transformer_forward.ts";
import type { Place } from "./transformer_parameters.ts";

/** Gradient buffers, which a plan for training has. */
export function gradientsOf({ activations: { gradients } }: Context): GradientBuffers {
  if (gradients === null) throw new RangeError("A plan without training has no gradients.");
  return gradients;
}

/** What becomes of a matrix's gradient: in training it is added to what is there. */
export function weightGradient(context: Context, factors: WeightFactors): Promise<Dispatch[]> {
  if (context.weightGradient !== undefined) return context.weightGradient(factors);
  const { label, place, outputs, inputs, rows, dy, x } = factors;
  return product(context.device, `${label} dW`, {
    m: outputs,
    n: inputs,
    k: rows,
    transposeA: true,
    a: dy,
    b: x,
    c: context.parameters.gradientMatrix(place),
    accumulate: true,
  });
}

/** Gradients of y = x·Wᵀ, W [outputs × inputs]. */
export interface LinearBackward {
  /** dx [rows × inputs] = dy·W. */
  input(dy: GPUBuffer, dx: GPUBuffer): Promise<Dispatch[]>;
  /** dyᵀ·x, or what the context has in its place. */
  weight(dy: GPUBuffer, x: GPUBuffer): Promise<Dispatch[]>;
}

/** The gradients of a product with a parameter. */
export function linearBackward(
  context: Context,
  label: string,
  place: Place,
  [outputs, inputs]: readonly [number, number],
): LinearBackward {
  const { device, parameters, activations: { rows } } = context;
  return {
    input: (dy: GPUBuffer, dx: GPUBuffer) =>
      product(device, `${label} dx`, {
        m: rows,
        n: inputs,
        k: outputs,
        a: activation(context, dy),
        b: parameters.matrix(place),
        c: activation(context, dx),
      }),
    weight: (dy: GPUBuffer, x: GPUBuffer) =>
      weightGradient(context, {
        label,
        place,
        outputs,
        inputs,
        first: 0,
        rows,
        dy: activation(context, dy),
        x: activation(context, x),
      }),
  };
}

/** gradients.normed → gradients.x, and the norm's output once more in `normed`; `index` counts norms. */
export function normBackward(
  context: Context,
  gradients: GradientBuffers,
  label: string,
  index: number,
  weight: Place,
  x: GPUBuffer,
): Promise<Dispatch> {
  const { device, shape, parameters, activations } = context;
  // The final norm begins the gradient of the residual stream, and its output is kept.
  const isFinal = index === 2 * shape.layers;
  const { normPartStride } = gradients;
  return rmsNormBackward(device, `${label} dx`, normShape(context), {
    x,
    weight: parameters.binding("weights", weight),
    dy: gradients.normed,
    dx: gradients.x,
    parts: { buffer: gradients.normParts, offset: 4 * index * normPartStride, size: 4 * normPartStride },
    ...(isFinal ? {} : { normed: activations.normed }),
  }, !isFinal);
}
