/**
 * The head and the loss, one block of rows after another: logits, loss, and where asked for the logits' gradient in their
 * place and from it those of the hidden states and of the head's weights.
 *
 * A block's logits are the only ones that exist at any time. Blocks of rows, unlike chunks of the vocabulary, need no second
 * product to get at the gradient: the head is 35% of a 140M step's arithmetic.
 * @module
 */
import { distil, distilTop } from "../ops/distillation.ts";
import { crossEntropy, type LogitsShape } from "../ops/head.ts";
import { addTotal, sequenceLosses } from "../ops/reduce.ts";
import { product } from "../ops/product.ts";
import type { Dispatch } from "./dispatch.ts";
import type { BatchShape } from "./transformer_activations.ts";
import { gradientsOf, weightGradient } from "./transformer_gradients.ts";
import { type Context, inOrder, type Pending } from "./transformer_forward.ts";

interface Block {
  readonly first: number;
  readonly count: number;
}

/** hidden → logits of `count` rows, whose hidden states begin at row `first` and lie `step` rows apart. */
export function logitsDispatches(context: Context, { first, count }: Block, step = 1): Promise<Dispatch[]> {
  const { device, shape, parameters, activations } = context;
  const { width, vocabularySize } = shape;
  return product(device, "head", {
    m: count,
    n: vocabularySize,
    k: width,
    transposeB: true,
    a: { buffer: activations.hidden, type: activations.element, offset: first * width, stride: step * width },
    b: parameters.matrix(parameters.places.head),
    c: { buffer: activations.logits, type: activations.element, stride: activations.logitStride },
  });
}

/** hidden → losses, and with `report` the gradients of hidden states (in gradients.normed) and head. */
export function headDispatches(
  context: Context,
  scalars: { readonly settings: GPUBuffer; readonly report: GPUBuffer } | null,
): Promise<Dispatch[]> {
  const { device, batch, activations } = context;
  const dispatches: Pending[] = [];
  for (const [i, block] of activations.blocks().entries()) {
    dispatches.push(
      logitsDispatches(context, block),
      lossDispatch(context, block, i, scalars?.settings ?? null),
    );
    if (scalars !== null) dispatches.push(headGradientDispatches(context, block));
  }
  const { losses, weights } = activations;
  dispatches.push(
    sequenceLosses(device, "sequence losses", batch, { losses, weights, sums: activations.sequenceLosses }),
  );
  if (scalars !== null) {
    dispatches.push(
      addTotal(device, "loss", batch.sequences, {
        values: activations.sequenceLosses,
        target: scalars.report,
      }),
    );
  }
  return inOrder(dispatches);
}

function lossDispatch(
  { device, shape, batch, activations }: Context,
  { first, count }: Block,
  index: number,
  settings: GPUBuffer | null,
): Promise<Dispatch> {
  const { element, logits, logitStride, targets, weights, losses, teacherLogits, teacherIds } = activations;
  const logitsShape: LogitsShape = {
    element,
    rows: count,
    vocabularySize: shape.vocabularySize,
    stride: logitStride,
  };
  const slice = (buffer: GPUBuffer, entries = 1): GPUBufferBinding => ({
    buffer,
    offset: 4 * first * entries,
    size: 4 * count * entries,
  });
  const buffers = {
    logits,
    targets: slice(targets),
    weights: slice(weights),
    losses: slice(losses),
    // A loss without a gradient has no scale.
    scale: settings ?? losses,
  };
  const teacher: BatchShape["teacher"] = settings === null ? null : batch.teacher;
  const own = teacherLogits[teacherIds === null ? index : 0];
  if (teacher === null || own === undefined) {
    return crossEntropy(device, "cross-entropy", logitsShape, buffers, settings !== null);
  }
  if (teacher.top === null || teacherIds === null) {
    return distil(device, "distillation", logitsShape, { ...buffers, teacher: own }, teacher);
  }
  return distilTop(
    device,
    "distillation",
    logitsShape,
    { ...buffers, teacher: slice(own, teacher.top), ids: slice(teacherIds, teacher.top) },
    teacher,
    teacher.top,
  );
}

/** The block's logit gradients → its rows of gradients.normed, and its share in the head's gradient. */
function headGradientDispatches(context: Context, { first, count }: Block): Promise<Dispatch[]> {
  const { device, shape, parameters, activations } = context;
  const { width, vocabularySize } = shape;
  const { element, logits, logitStride, hidden } = activations;
  const { head } = parameters.places;
  const logitGradient = { buffer: logits, type: element, stride: logitStride };
  return inOrder([
    product(device, "head dx", {
      m: count,
      n: width,
      k: vocabularySize,
      a: logitGradient,
      b: parameters.matrix(head),
      c: { buffer: gradientsOf(context).normed, type: element, offset: first * width },
    }),
    weightGradient(context, {
      label: "head",
      place: head,
      outputs: vocabularySize,
      inputs: width,
      first,
      rows: count,
      dy: logitGradient,
      x: { buffer: hidden, type: element, offset: first * width },
    }),
  ]);
}
