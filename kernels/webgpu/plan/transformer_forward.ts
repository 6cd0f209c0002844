/**
 * The forward pass as dispatches: embedding, layers, final norm.
 * @module
 */
import { queryKeyValueWidth, type TransformerShape } from "../../wasm/shape.ts";
import type { Device } from "../device/device.ts";
import { attention } from "../ops/attention.ts";
import { suitsTensorAttention, tensorAttention } from "../ops/attention_tensor.ts";
import { embed } from "../ops/embedding.ts";
import { headNorm, type HeadNormShape } from "../ops/head_norm.ts";
import { type NormShape, rmsNorm } from "../ops/norm.ts";
import { product } from "../ops/product.ts";
import type { Matrix } from "../ops/product_spec.ts";
import { type HeadsShape, rotary } from "../ops/rotary.ts";
import { swiglu } from "../ops/swiglu.ts";
import type { Dispatch } from "./dispatch.ts";
import type { Activations, BatchShape, LayerBuffers } from "./transformer_activations.ts";
import type { LayerPlaces, ParameterBuffers, Place } from "./transformer_parameters.ts";

/** What the lists of dispatches are made from. */
export interface Context {
  readonly device: Device;
  readonly shape: TransformerShape;
  readonly batch: BatchShape;
  readonly parameters: ParameterBuffers;
  readonly activations: Activations;
  /** What a backward pass does in the place of each matrix's gradient; absent: it adds to the gradient. */
  readonly weightGradient?: (factors: WeightFactors) => Promise<Dispatch[]>;
}

/** The factors of the gradient dyᵀ·x of a matrix [outputs × inputs], for rows `first` to `first + rows` of the batch. */
export interface WeightFactors {
  readonly label: string;
  readonly place: Place;
  readonly outputs: number;
  readonly inputs: number;
  readonly first: number;
  readonly rows: number;
  /** [rows × outputs]. */
  readonly dy: Matrix;
  /** [rows × inputs]. */
  readonly x: Matrix;
}

/** A layer's number, parameters and buffers. */
export interface Layer {
  readonly label: string;
  readonly places: LayerPlaces;
  readonly buffers: LayerBuffers;
  /** Where the layer's output goes: the next one's x. */
  readonly next: GPUBuffer;
}

/** All layers, first to last. */
export function layersOf({ parameters, activations }: Context): Layer[] {
  return parameters.places.layers.map((places, i) => ({
    label: `layer ${i}`,
    places,
    // One set of buffers a layer.
    buffers: activations.layers[i] as LayerBuffers,
    next: activations.layers[i + 1]?.x ?? activations.last,
  }));
}

/** An activation as products see it. */
export function activation({ activations }: Context, buffer: GPUBuffer): Matrix {
  return { buffer, type: activations.element };
}

/** Every norm's shape. */
export function normShape({ shape, activations }: Context): NormShape {
  const { element, rows } = activations;
  return { element, rows, width: shape.width, epsilon: shape.normEpsilon };
}

/** The heads' shape. */
export function headsShape({ shape, batch, activations }: Context): HeadsShape {
  const { heads, keyValueHeads, headSize, queryKeyNorm, normEpsilon } = shape;
  const { sequences, length } = batch;
  return {
    element: activations.element,
    sequences,
    length,
    heads,
    keyValueHeads,
    headSize,
    queryKeyEpsilon: queryKeyNorm === "after rope" ? normEpsilon : null,
  };
}

/** The heads' shape for their norm with weights. */
export function headNormShape(context: Context): HeadNormShape {
  return { ...headsShape(context), epsilon: context.shape.normEpsilon };
}

/** y = x·Wᵀ of all rows, W [outputs × inputs] a parameter. */
export function linear(
  context: Context,
  label: string,
  x: GPUBuffer,
  weight: Matrix,
  y: GPUBuffer,
  [outputs, inputs]: readonly [number, number],
  residual?: GPUBuffer,
): Promise<Dispatch[]> {
  return product(context.device, label, {
    m: context.activations.rows,
    n: outputs,
    k: inputs,
    transposeB: true,
    a: activation(context, x),
    b: weight,
    c: activation(context, y),
    ...(residual && { residual: activation(context, residual) }),
  });
}

/** Dispatches whose kernels are still being compiled: all at once, which takes a fraction of one after another. */
export type Pending = Promise<Dispatch | readonly Dispatch[]>;

/** Waits for the kernels; the order stays. */
export async function inOrder(pending: readonly Pending[]): Promise<Dispatch[]> {
  return (await Promise.all(pending)).flat();
}

/** Tokens → `hidden`. */
export function forwardDispatches(context: Context): Promise<Dispatch[]> {
  const { device, shape, parameters, activations } = context;
  const { element, rows, tokens, layers, last, normed, hidden } = activations;
  const { width, heads, headSize, feedForwardWidth } = shape;
  const attentionShape = headsShape(context);
  const norm = normShape(context);
  const attend = suitsTensorAttention(device, attentionShape) ? tensorAttention : attention;
  const dispatches: Pending[] = [
    embed(device, "embedding", { element, rows, width }, {
      embedding: parameters.workingBinding(parameters.places.embedding),
      tokens,
      x: layers[0]?.x ?? last,
    }),
  ];
  for (const layer of layersOf(context)) {
    const { label, places, buffers, next } = layer;
    dispatches.push(
      rmsNorm(device, `${label} attention norm`, norm, {
        x: buffers.x,
        weight: parameters.binding("weights", places.attentionNorm),
        y: normed,
      }),
      linear(
        context,
        `${label} qkv`,
        normed,
        parameters.matrix(places.queryKeyValue),
        buffers.queryKeyValue,
        [queryKeyValueWidth(shape), width],
      ),
      ...(places.headNorms === null ? [] : [
        headNorm(device, `${label} head norm`, headNormShape(context), {
          ...buffers,
          weights: parameters.binding("weights", places.headNorms),
        }),
      ]),
      rotary(device, `${label} rotary`, attentionShape, { ...buffers, table: activations.table }),
      attend(device, `${label} attention`, attentionShape, {
        ...buffers,
        starts: activations.starts,
        output: buffers.attention,
      }),
      linear(
        context,
        `${label} output`,
        buffers.attention,
        parameters.matrix(places.output),
        buffers.middle,
        [width, heads * headSize],
        buffers.x,
      ),
      gateUpDispatches(context, layer),
      swiglu(device, `${label} swiglu`, { element, rows, width: feedForwardWidth }, {
        gateUp: buffers.gateUp,
        activation: activations.activation,
      }),
      linear(
        context,
        `${label} down`,
        activations.activation,
        parameters.matrix(places.down),
        next,
        [width, feedForwardWidth],
        buffers.middle,
      ),
    );
  }
  dispatches.push(
    rmsNorm(device, "final norm", norm, {
      x: last,
      weight: parameters.binding("weights", parameters.places.finalNorm),
      y: hidden,
    }),
  );
  return inOrder(dispatches);
}

/** middle → gateUp; run again by the backward pass where activations are recomputed. */
export function gateUpDispatches(context: Context, { label, places, buffers }: Layer): Promise<Dispatch[]> {
  const { device, shape, parameters, activations } = context;
  return inOrder([
    rmsNorm(device, `${label} feed-forward norm`, normShape(context), {
      x: buffers.middle,
      weight: parameters.binding("weights", places.feedForwardNorm),
      y: activations.normed,
    }),
    linear(
      context,
      `${label} gate and up`,
      activations.normed,
      parameters.matrix(places.gateUp),
      buffers.gateUp,
      [2 * shape.feedForwardWidth, shape.width],
    ),
  ]);
}
