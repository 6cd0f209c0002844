/**
 * A step of the model in 64 bits on the host, written out in loops: what every tier's losses and gradients are measured against.
 * @module
 */
import type { Distillation } from "../webgpu/ops/distillation.ts";
import { parameterPlaces, queryKeyValueWidth, type TransformerShape } from "../wasm/shape.ts";
import { add, get, softmax, sum } from "./float64.ts";
import { attentionBackward, attentionForward } from "./step_reference_attention.ts";

/** What a step reads; entries by row, that is by position of the batch. */
export interface ReferenceBatch {
  readonly sequences: number;
  readonly length: number;
  readonly tokens: Uint32Array;
  readonly targets: Uint32Array;
  /** Of each position's loss. */
  readonly weights: Float32Array;
  /** The position within its sequence at which a position's document begins. */
  readonly starts: Uint32Array;
  /** A teacher's logits: `top` of them with their ids for each row, or V. */
  readonly teacher?: Distillation & {
    readonly logits: Float32Array;
    readonly ids?: Uint32Array;
  };
}

/** What a step makes. */
export interface ReferenceStep {
  /** The final norm's output [rows × D]. */
  readonly hidden: Float64Array;
  /** Of each position, unweighted. */
  readonly losses: Float64Array;
  /** Of Σ weight · loss, in the flat order. */
  readonly gradient: Float64Array;
}

/** y = x·Wᵀ, its gradients dx = dy·W and dW += dyᵀ·x, for the matrix W [outputs × inputs] at `at` in the flat order. */
class Linear {
  constructor(
    readonly weights: Float64Array,
    readonly gradient: Float64Array,
    readonly at: number,
    readonly outputs: number,
    readonly inputs: number,
  ) {}

  forward(x: Float64Array): Float64Array {
    const { weights, at, outputs, inputs } = this;
    const y = new Float64Array(x.length / inputs * outputs);
    for (let row = 0; row < x.length / inputs; row++) {
      for (let o = 0; o < outputs; o++) {
        let sum = 0;
        for (let i = 0; i < inputs; i++) sum += get(x, row * inputs + i) * get(weights, at + o * inputs + i);
        y[row * outputs + o] = sum;
      }
    }
    return y;
  }

  backward(x: Float64Array, dy: Float64Array): Float64Array {
    const { weights, gradient, at, outputs, inputs } = this;
    const dx = new Float64Array(x.length);
    for (let row = 0; row < x.length / inputs; row++) {
      for (let o = 0; o < outputs; o++) {
        const slope = get(dy, row * outputs + o);
        for (let i = 0; i < inputs; i++) {
          add(dx, row * inputs + i, slope * get(weights, at + o * inputs + i));
          add(gradient, at + o * inputs + i, slope * get(x, row * inputs + i));
        }
      }
    }
    return dx;
  }
}

/** y = x·rsqrt(mean(x²) + ε)∘w for the weight at `at`, and its gradients. */
class Norm {
  constructor(
    readonly weights: Float64Array,
    readonly gradient: Float64Array,
    readonly at: number,
    readonly width: number,
    readonly epsilon: number,
  ) {}

  forward(x: Float64Array): Float64Array {
    return x.map((value, i) =>
      value * this.#factor(x, Math.floor(i / this.width)) * get(this.weights, this.at + i % this.width)
    );
  }

  backward(x: Float64Array, dy: Float64Array): Float64Array {
    const { weights, gradient, at, width } = this;
    const dx = new Float64Array(x.length);
    for (let row = 0; row < x.length / width; row++) {
      const factor = this.#factor(x, row);
      let pull = 0;
      for (let i = 0; i < width; i++) {
        const [value, slope] = [get(x, row * width + i), get(dy, row * width + i)];
        add(gradient, at + i, slope * value * factor);
        pull += slope * get(weights, at + i) * value;
      }
      for (let i = 0; i < width; i++) {
        const slope = get(dy, row * width + i) * get(weights, at + i);
        dx[row * width + i] = factor * (slope - get(x, row * width + i) * pull * factor ** 2 / width);
      }
    }
    return dx;
  }

  #factor(x: Float64Array, row: number): number {
    let sum = 0;
    for (let i = 0; i < this.width; i++) sum += get(x, row * this.width + i) ** 2;
    return 1 / Math.sqrt(sum / this.width + this.epsilon);
  }
}

/** One step: forward, loss, backward. */
export function referenceStep(
  shape: TransformerShape,
  parameters: Float32Array,
  batch: ReferenceBatch,
): ReferenceStep {
  const { width, heads, headSize, feedForwardWidth: gates, vocabularySize, normEpsilon } = shape;
  const places = parameterPlaces(shape);
  const weights = Float64Array.from(parameters);
  const gradient = new Float64Array(weights.length);
  const linear = (at: number, outputs: number, inputs: number) =>
    new Linear(weights, gradient, at, outputs, inputs);
  const norm = (at: number) => new Norm(weights, gradient, at, width, normEpsilon);

  let x: Float64Array = new Float64Array(batch.tokens.length * width);
  batch.tokens.forEach((token, row) => {
    const from = places.embedding + token * width;
    x.set(weights.subarray(from, from + width), row * width);
  });
  const backwards: ((dx: Float64Array) => Float64Array)[] = [];
  for (const layer of places.layers) {
    const attentionNorm = norm(layer.attentionNorm);
    const queryKeyValue = linear(layer.queryKeyValue, queryKeyValueWidth(shape), width);
    const output = linear(layer.output, width, heads * headSize);
    const feedForwardNorm = norm(layer.feedForwardNorm);
    const gateUp = linear(layer.gateUp, 2 * gates, width);
    const down = linear(layer.down, width, gates);

    const enters = x;
    const normed = attentionNorm.forward(enters);
    const states = queryKeyValue.forward(normed);
    const mixed = attentionForward(shape, batch, states);
    const middle = sum(enters, output.forward(mixed));
    const normedMiddle = feedForwardNorm.forward(middle);
    const both = gateUp.forward(normedMiddle);
    const gated = gate(both, gates);
    x = sum(middle, down.forward(gated));

    backwards.unshift((dx) => {
      const dBoth = gateBackward(both, down.backward(gated, dx), gates);
      const dMiddle = sum(dx, feedForwardNorm.backward(middle, gateUp.backward(normedMiddle, dBoth)));
      const dStates = attentionBackward(shape, batch, states, output.backward(mixed, dMiddle));
      return sum(dMiddle, attentionNorm.backward(enters, queryKeyValue.backward(normed, dStates)));
    });
  }
  const finalNorm = norm(places.finalNorm);
  const head = linear(places.head, vocabularySize, width);
  const hidden = finalNorm.forward(x);
  const { losses, slopes } = lossOf(head.forward(hidden), batch, vocabularySize);
  let dx = finalNorm.backward(x, head.backward(hidden, slopes));
  for (const backward of backwards) dx = backward(dx);
  batch.tokens.forEach((token, row) => {
    for (let i = 0; i < width; i++) {
      add(gradient, places.embedding + token * width + i, get(dx, row * width + i));
    }
  });
  return { hidden, losses, gradient };
}

/** Losses, and the gradients of the logits [rows × V]. */
function lossOf(logits: Float64Array, batch: ReferenceBatch, vocabularySize: number) {
  const { targets, weights, teacher } = batch;
  const losses = new Float64Array(targets.length);
  const slopes = new Float64Array(logits.length);
  const { temperature: tau = 1, crossEntropyShare: share = 1, direction = "forward" } = teacher ?? {};
  for (const [row, target] of targets.entries()) {
    const weight = get(weights, row);
    if (weight === 0) continue;
    const z = logits.subarray(row * vocabularySize, (row + 1) * vocabularySize);
    const q = softmax(z, tau);
    const p = teacher ? teacherChances(teacher, row, targets.length, vocabularySize) : q;
    let divergence = 0;
    for (let i = 0; i < vocabularySize; i++) {
      const [pi, qi] = [get(p, i), get(q, i)];
      if (direction === "reverse") divergence += qi * Math.log(qi / pi);
      else if (pi > 0) divergence += pi * Math.log(pi / qi);
    }
    const hard = softmax(z, 1);
    losses[row] = -share * Math.log(get(hard, target)) + (1 - share) * tau ** 2 * divergence;
    for (let i = 0; i < vocabularySize; i++) {
      const [pi, qi] = [get(p, i), get(q, i)];
      const soft = direction === "reverse" ? qi * (Math.log(qi / pi) - divergence) : qi - pi;
      const slope = share * (get(hard, i) - (i === target ? 1 : 0)) + (1 - share) * tau * soft;
      slopes[row * vocabularySize + i] = weight * slope;
    }
  }
  return { losses, slopes };
}

function teacherChances(
  { logits, ids, temperature }: NonNullable<ReferenceBatch["teacher"]>,
  row: number,
  rows: number,
  vocabularySize: number,
): Float64Array {
  const count = logits.length / rows;
  const chances = softmax(Float64Array.from(logits.subarray(row * count, (row + 1) * count)), temperature);
  if (ids === undefined) return chances;
  const spread = new Float64Array(vocabularySize);
  chances.forEach((chance, i) => spread[get(ids, row * count + i)] = chance);
  return spread;
}

/** silu(g)∘u of rows of g and u side by side. */
function gate(both: Float64Array, width: number): Float64Array {
  return Float64Array.from({ length: both.length / 2 }, (_, i) => {
    const at = Math.floor(i / width) * 2 * width + i % width;
    return get(both, at) / (1 + Math.exp(-get(both, at))) * get(both, at + width);
  });
}

function gateBackward(both: Float64Array, da: Float64Array, width: number): Float64Array {
  const result = new Float64Array(both.length);
  da.forEach((slope, i) => {
    const at = Math.floor(i / width) * 2 * width + i % width;
    const [g, u] = [get(both, at), get(both, at + width)];
    const sigma = 1 / (1 + Math.exp(-g));
    result[at] = slope * u * sigma * (1 + g * (1 - sigma));
    result[at + width] = slope * g * sigma;
  });
  return result;
}
