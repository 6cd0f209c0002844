/**
 * What a model has in the shared memory whatever the batch: parameters, gradient, moments, and packed weights.
 * Addresses are in bytes. Pages that nobody touches cost no physical memory.
 * @module
 */
import {
  type ParameterPlaces,
  parameterPlaces,
  queryKeyValueWidth,
  type TransformerShape,
} from "../shape.ts";
import { Arena, PAGE_BYTES, roundUp } from "./arena.ts";

/** Parameters that one task of a reduction or of AdamW covers. */
export const UPDATE_BLOCK = 32768;

/** A weight matrix [outputs, inputs] and its two packed forms. */
export interface Matrix {
  readonly weights: number;
  readonly gradient: number;
  readonly outputs: number;
  readonly inputs: number;
  /** Right panels of Wᵀ, for y = x·Wᵀ. */
  readonly forwardPanels: number;
  /** Right panels of W, for dx = dy·W. */
  readonly backwardPanels: number;
}

/** Parameters that no product reads: a norm's weight, the embedding's rows. */
export interface Vector {
  readonly weights: number;
  readonly gradient: number;
}

/** The part of the layout that the batch shape does not change. */
export interface ModelMemory {
  readonly places: ParameterPlaces;
  /** Whether there is room for gradient, moments and backward panels; otherwise these places are empty. */
  readonly training: boolean;
  /** Counters of barrier.ts. */
  readonly control: number;
  readonly weights: number;
  readonly gradient: number;
  readonly firstMoment: number;
  readonly secondMoment: number;
  /** One float64 for every UPDATE_BLOCK parameters. */
  readonly squares: number;
  readonly embedding: Vector;
  readonly head: Matrix;
  readonly layers: readonly LayerMatrices[];
  readonly finalNorm: Vector;
  readonly end: number;
}

/** A layer's parameters. */
export interface LayerMatrices {
  readonly queryKeyValue: Matrix;
  readonly output: Matrix;
  readonly gateUp: Matrix;
  readonly down: Matrix;
  /** QK-norm's weights, where it has some. */
  readonly headNorms: { readonly query: Vector; readonly key: Vector } | undefined;
  readonly attentionNorm: Vector;
  readonly feedForwardNorm: Vector;
}

/** Floats in right panels: these are whole, and a multiple of 4 deep (assembly/pack.ts). */
function rightPanels(columns: number, depth: number): number {
  return roundUp(columns, 8) * roundUp(depth, 4);
}

/** Lays out what the model needs. */
export function modelMemory(shape: TransformerShape): ModelMemory {
  const places = parameterPlaces(shape);
  const arena = new Arena(PAGE_BYTES); // The first page holds the module's constants.
  const control = arena.bytes(64);
  const training = shape.purpose !== "forward";
  const forTraining = (count: number) => arena.floats(training ? count : 0);
  const weights = arena.floats(places.count);
  const gradient = forTraining(places.count);
  const firstMoment = forTraining(places.count);
  const secondMoment = forTraining(places.count);
  const squares = arena.bytes(8 * Math.ceil(places.count / UPDATE_BLOCK));
  const vector = (place: number): Vector => ({
    weights: weights + 4 * place,
    gradient: gradient + 4 * place,
  });
  const matrix = (place: number, outputs: number, inputs: number): Matrix => ({
    ...vector(place),
    outputs,
    inputs,
    forwardPanels: arena.floats(rightPanels(outputs, inputs)),
    backwardPanels: forTraining(rightPanels(inputs, outputs)),
  });
  const { width, feedForwardWidth } = shape;
  const layers = places.layers.map((layer): LayerMatrices => ({
    queryKeyValue: matrix(layer.queryKeyValue, queryKeyValueWidth(shape), width),
    output: matrix(layer.output, width, shape.heads * shape.headSize),
    gateUp: matrix(layer.gateUp, 2 * feedForwardWidth, width),
    down: matrix(layer.down, width, feedForwardWidth),
    headNorms: layer.headNorms && { query: vector(layer.headNorms.query), key: vector(layer.headNorms.key) },
    attentionNorm: vector(layer.attentionNorm),
    feedForwardNorm: vector(layer.feedForwardNorm),
  }));
  const head = matrix(places.head, shape.vocabularySize, width);
  return {
    places,
    training,
    control,
    weights,
    gradient,
    firstMoment,
    secondMoment,
    squares,
    embedding: vector(places.embedding),
    head,
    layers,
    finalNorm: vector(places.finalNorm),
    end: arena.end,
  };
}
