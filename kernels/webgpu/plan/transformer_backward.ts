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
import { HEAD_NORM_BLOCK, headNormBackward } from "../ops/head_norm.ts";
import { NORM_BLOCK } from "../ops/norm.ts";
import { sumParts } from "../ops/reduce.ts";
import { rotaryBackward } from "../ops/rotary.ts";
import { swigluBackward } from "../ops/swiglu.ts";
import type { Dispatch } from "./dispatch.ts";
import type { GradientBuffers } from "./transformer_activations.ts";
import {
  type Context,
  gateUpDispatches,
  headNormShape,
  headsShape,
  inOrder,
  type Layer,
  layersOf,
  type Pending,
} from "./transformer_forward.ts";
import { gradientsOf, linearBackward, normBackward } from "./transformer_gradients.ts";

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
    ...normGradients(context, gradients),
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

/** Parts of the norms' weights' gradients → the gradients, which are neighbours: two a layer and the final one, then those of heads. */
function normGradients(context: Context, gradients: GradientBuffers): Pending[] {
  const { device, shape, parameters, activations: { rows } } = context;
  const { finalNorm, normStride, headNormStride, layers } = parameters.places;
  const { buffer } = parameters.gradientMatrix(finalNorm);
  const pending: Pending[] = [
    sumParts(
      device,
      "norms dW",
      {
        count: 2 * shape.layers + 1,
        blocks: Math.ceil(rows / NORM_BLOCK),
        width: shape.width,
        partStride: gradients.normPartStride,
        stride: normStride,
      },
      {
        parts: gradients.normParts,
        target: { buffer, offset: 0, size: 4 * (finalNorm.offset + finalNorm.size) },
      },
    ),
  ];
  const [first] = layers.flatMap(({ headNorms }) => headNorms ?? []);
  if (first !== undefined) {
    pending.push(
      sumParts(
        device,
        "head norms dW",
        {
          count: shape.layers,
          blocks: Math.ceil(rows / HEAD_NORM_BLOCK),
          width: 2 * shape.headSize,
          partStride: gradients.headNormPartStride,
          stride: headNormStride,
        },
        {
          parts: gradients.headNormParts,
          target: { buffer, offset: 4 * first.offset, size: 4 * shape.layers * headNormStride },
        },
      ),
    );
  }
  return pending;
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
  const { device, shape, parameters, activations } = context;
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
    ...(places.headNorms === null ? [] : [
      headNormBackward(device, `${label} head norm dx`, headNormShape(context), {
        gradient: gradients.queryKeyValue,
        unnormed: buffers.unnormed,
        weights: parameters.binding("weights", places.headNorms),
        parts: {
          buffer: gradients.headNormParts,
          offset: 4 * index * gradients.headNormPartStride,
          size: 4 * gradients.headNormPartStride,
        },
      }),
    ]),
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
