/**
 * The backward pass through the final norm, the layers and the embedding, as dispatches.
 *
 * `gradients.x` is the gradient of the residual stream: each norm's gradient is added to it in place. A layer's gateUp turns
 * into its own gradient; what SwiGLU and the norms gave is computed again beside their gradients, since the kernels
 * have read all it takes.
 * @module
 */
import { queryKeyValueWidth } from "../../wasm/shape.ts";
import { attentionBackward } from "../ops/attention_gradient.ts";
import { suitsTensorAttention } from "../ops/attention_tensor.ts";
import { tensorAttentionBackward } from "../ops/attention_tensor_gradient.ts";
import { embedBackward } from "../ops/embedding.ts";
import { NORM_BLOCK, rmsNormBackward } from "../ops/norm.ts";
import { product } from "../ops/product.ts";
import { sumParts } from "../ops/reduce.ts";
import { rotaryBackward } from "../ops/rotary.ts";
import { swigluBackward } from "../ops/swiglu.ts";
import type { Dispatch } from "./dispatch.ts";
import type { GradientBuffers } from "./transformer_activations.ts";
import {
  activation,
  type Context,
  gateUpDispatches,
  headsShape,
  inOrder,
  type Layer,
  layersOf,
  normShape,
  type Pending,
  type WeightFactors,
} from "./transformer_forward.ts";
import type { Place } from "./transformer_parameters.ts";

/** gradients.normed, as the head left it → gradients of all parameters but the head, added to what is there. */
export function backwardDispatches(context: Context): Promise<Dispatch[]> {
  const { device, shape, parameters, activations } = context;
  const { element, rows } = activations;
  const gradients = gradientsOf(context);
  return inOrder([
    layersBackward(context),
    embedBackward(device, "embedding dW", { element, rows, width: shape.width }, {
      dx: gradients.x,
      runs: activations.runs,
      gradient: parameters.binding("gradient", parameters.places.embedding),
    }),
    sumParts(
      device,
      "norms dW",
      {
        count: 2 * shape.layers + 1,
        blocks: Math.ceil(rows / NORM_BLOCK),
        width: shape.width,
        partStride: gradients.normPartStride,
        stride: parameters.places.normStride,
      },
      { parts: gradients.normParts, target: normGradients(context) },
    ),
  ]);
}

/**
 * gradients.normed, as the head left it → the gradients of the embedding's output (gradients.x) and of the matrices between, or
 * what the context has in their place.
 */
export function layersBackward(context: Context): Promise<Dispatch[]> {
  const { shape, parameters, activations } = context;
  const gradients = gradientsOf(context);
  const { finalNorm } = parameters.places;
  const dispatches: Pending[] = [
    normBackward(context, gradients, "final norm", 2 * shape.layers, finalNorm, activations.last),
  ];
  for (const [i, layer] of [...layersOf(context).entries()].reverse()) {
    dispatches.push(
      feedForwardBackward(context, gradients, layer, i),
      attentionLayerBackward(context, gradients, layer, i),
    );
  }
  return inOrder(dispatches);
}

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

/** The gradients of all norms' weights, which are neighbours: they come first on the device. */
function normGradients({ parameters }: Context): GPUBufferBinding {
  const { finalNorm } = parameters.places;
  const { buffer } = parameters.gradientMatrix(finalNorm);
  return { buffer, offset: 0, size: 4 * (finalNorm.offset + finalNorm.size) };
}

/** dx [rows × inputs] = dy·W and the gradient dyᵀ·x for W [outputs × inputs]. */
function linearBackward(
  context: Context,
  label: string,
  place: Place,
  [outputs, inputs]: readonly [number, number],
) {
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
function normBackward(
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

function feedForwardBackward(
  context: Context,
  gradients: GradientBuffers,
  layer: Layer,
  index: number,
): Promise<Dispatch[]> {
  const { device, shape, batch, activations } = context;
  const { label, places, buffers } = layer;
  const { width, feedForwardWidth } = shape;
  const down = linearBackward(context, `${label} down`, places.down, [width, feedForwardWidth]);
  const gateUp = linearBackward(context, `${label} gate and up`, places.gateUp, [
    2 * feedForwardWidth,
    width,
  ]);
  return inOrder([
    ...(batch.recompute ? [gateUpDispatches(context, layer)] : []),
    down.input(gradients.x, activations.activation),
    swigluBackward(device, `${label} swiglu dx`, {
      element: activations.element,
      rows: activations.rows,
      width: feedForwardWidth,
    }, { gateUp: buffers.gateUp, activation: activations.activation }),
    down.weight(gradients.x, activations.activation),
    gateUp.input(buffers.gateUp, gradients.normed),
    normBackward(
      context,
      gradients,
      `${label} feed-forward norm`,
      2 * index + 1,
      places.feedForwardNorm,
      buffers.middle,
    ),
    gateUp.weight(buffers.gateUp, activations.normed),
  ]);
}

function attentionLayerBackward(
  context: Context,
  gradients: GradientBuffers,
  { label, places, buffers }: Layer,
  index: number,
): Promise<Dispatch[]> {
  const { device, shape, activations } = context;
  const { width, heads, headSize } = shape;
  const output = linearBackward(context, `${label} output`, places.output, [width, heads * headSize]);
  const projection = linearBackward(
    context,
    `${label} qkv`,
    places.queryKeyValue,
    [queryKeyValueWidth(shape), width],
  );
  const attentionShape = headsShape(context);
  const attend = suitsTensorAttention(device, attentionShape) ? tensorAttentionBackward : attentionBackward;
  return inOrder([
    output.input(gradients.x, gradients.attention),
    output.weight(gradients.x, buffers.attention),
    attend(device, `${label} attention dx`, attentionShape, {
      queryKeyValue: buffers.queryKeyValue,
      starts: activations.starts,
      output: buffers.attention,
      logSums: buffers.logSums,
      outputGradient: gradients.attention,
      pulls: gradients.pulls,
      parts: gradients.parts,
    }),
    rotaryBackward(device, `${label} rotary dx`, attentionShape, {
      parts: gradients.parts,
      queryKeyValue: buffers.queryKeyValue,
      factors: buffers.factors,
      table: activations.table,
      gradient: gradients.queryKeyValue,
    }),
    projection.input(gradients.queryKeyValue, gradients.normed),
    normBackward(
      context,
      gradients,
      `${label} attention norm`,
      2 * index,
      places.attentionNorm,
      buffers.x,
    ),
    projection.weight(gradients.queryKeyValue, activations.normed),
  ]);
}
