/**
 * Sums of the sequences' gradients with a coefficient for each sequence and tensor. Coefficients differ from tensor to tensor,
 * so they weight the rows of each tensor's own product; a weighted loss would weight all tensors alike.
 *
 * The inputs are weighted, not the outputs' gradients: in f16 they have room for it above and below.
 * @module
 */
import { embedBackward } from "../ops/embedding.ts";
import { weightRows } from "../ops/influence_rows.ts";
import { product } from "../ops/product.ts";
import type { Matrix } from "../ops/product_spec.ts";
import type { Dispatch } from "./dispatch.ts";
import { groupsOf, type InfluenceContext, influencePasses, outputsOf } from "./influence_passes.ts";
import { gradientsOf } from "./transformer_gradients.ts";
import { activation, inOrder, type WeightFactors } from "./transformer_forward.ts";

/** Tokens, targets and coefficients → Σ coefficient·gradient, added to each vector. */
export function influenceSumDispatches(context: InfluenceContext): Promise<Dispatch[]> {
  return inOrder([
    influencePasses(context, (factors) => linearDispatches(context, factors)),
    gatheredDispatches(context),
  ]);
}

/** What tensors give as factors of a product y = x·Wᵀ: dyᵀ·diag(coefficients)·x. */
function linearDispatches(context: InfluenceContext, factors: WeightFactors): Promise<Dispatch[]> {
  const { device, batch: { length }, activations: { element }, vectors, buffers } = context;
  const { label, first, rows, inputs, x } = factors;
  const weighted: Matrix = { buffer: buffers.rows, type: element };
  return inOrder(
    groupsOf(context, factors).flatMap((group) =>
      vectors.map((vector, v) =>
        inOrder([
          weightRows(device, `${label} weighted`, {
            sequences: rows / length,
            length,
            first: first / length,
            width: inputs,
            element,
          }, { x, weights: buffers.coefficientsOf(v, group), target: buffers.rows }),
          product(device, `${label} sum`, {
            m: group.outputs,
            n: inputs,
            k: rows,
            transposeA: true,
            a: outputsOf(factors, group),
            b: weighted,
            c: vector.sum(group),
            accumulate: true,
          }),
        ])
      )
    ),
  );
}

/** What the embedding's rows give as the first layer's input, on top of what they give as the head. */
function gatheredDispatches(context: InfluenceContext): Promise<Dispatch[]> {
  const { device, shape: { width }, batch, activations, groups, vectors, buffers } = context;
  const { element, rows, runs } = activations;
  const { sequences, length } = batch;
  const x = activation(context, gradientsOf(context).x);
  return inOrder(
    groups.filter(({ gathered }) => gathered).flatMap((group) =>
      vectors.map((vector, v) =>
        inOrder([
          weightRows(device, "embedding weighted", { sequences, length, first: 0, width, element }, {
            x,
            weights: buffers.coefficientsOf(v, group),
            target: buffers.rows,
          }),
          embedBackward(device, "embedding sum", { element, rows, width }, {
            dx: buffers.rows,
            runs,
            gradient: vector.sumBinding(group),
          }),
        ])
      )
    ),
  );
}
