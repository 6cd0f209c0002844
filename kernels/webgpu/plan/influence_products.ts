/**
 * The gradient of each sequence and tensor, multiplied with vectors and, where wanted, with itself.
 *
 * With inputs x, gradients dy of the outputs and G = dyᵀ·x: ⟨G, V⟩ = Σ (dy·V)∘x = Σ (x·Vᵀ)∘dy, whichever product has the narrower rows.
 * The head's is as wide as the model, not as the vocabulary.
 * @module
 */
import { gradientNorms } from "../ops/influence_gradients.ts";
import { gatherNorms, keepTokenGradients, tiedNorms } from "../ops/influence_gram.ts";
import { addParts, gatherDots, sequenceDots } from "../ops/influence_parts.ts";
import { product } from "../ops/product.ts";
import type { Matrix } from "../ops/product_spec.ts";
import { clear } from "../ops/reduce.ts";
import type { Dispatch } from "./dispatch.ts";
import { groupsOf, type InfluenceContext, influencePasses, outputsOf } from "./influence_passes.ts";
import type { InfluenceGroup } from "./influence_groups.ts";
import type { InfluenceVector } from "./influence_buffers.ts";
import { gradientsOf } from "./transformer_gradients.ts";
import { activation, inOrder, type Pending, type WeightFactors } from "./transformer_forward.ts";

/** Tokens and targets → results: products with each vector, and with `norms` squared norms after them. */
export function influenceProductDispatches(context: InfluenceContext, norms: boolean): Promise<Dispatch[]> {
  const { device, buffers } = context;
  return inOrder([
    clear(device, "clear parts", buffers.partCount, buffers.parts),
    influencePasses(context, (factors) => linearDispatches(context, factors, norms)),
    gatheredDispatches(context, norms),
    addParts(device, "results", buffers.resultCount, buffers),
  ]);
}

/** What tensors give as factors of a product y = x·Wᵀ. */
function linearDispatches(
  context: InfluenceContext,
  factors: WeightFactors,
  norms: boolean,
): Promise<Dispatch[]> {
  const { device, batch: { length }, vectors, buffers } = context;
  const { label, inputs, rows, x } = factors;
  const sequences = rows / length;
  const firstSequence = factors.first / length;
  return inOrder(
    groupsOf(context, factors).flatMap((group) => {
      const dy = outputsOf(factors, group);
      const dispatches: Pending[] = vectors.map((vector, v) =>
        vectorDispatches(context, factors, group, vector, buffers.partsOf(v, group, firstSequence))
      );
      if (!norms) return dispatches;
      const parts = buffers.partsOf(vectors.length, group, firstSequence);
      const shape = { sequences, length, inputs, outputs: group.outputs };
      dispatches.push(gradientNorms(device, label, shape, { x, dy, parts }));
      if (group.gathered) dispatches.push(keepDispatch(context, factors));
      return dispatches;
    }),
  );
}

/** ⟨G, V⟩ of each sequence of the rows. */
function vectorDispatches(
  { device, batch: { length }, buffers }: InfluenceContext,
  factors: WeightFactors,
  group: InfluenceGroup,
  vector: InfluenceVector,
  parts: GPUBufferBinding,
): Promise<Dispatch[]> {
  const { label, rows, x } = factors;
  const { inputs, outputs } = group;
  const dy = outputsOf(factors, group);
  const c: Matrix = { buffer: buffers.rows, type: "f32" };
  const b = vector.factor(group);
  const narrow = outputs < inputs && outputs % 4 === 0;
  const width = narrow ? outputs : inputs;
  return inOrder([
    narrow
      ? product(device, `${label} vector`, { m: rows, n: outputs, k: inputs, transposeB: true, a: x, b, c })
      : product(device, `${label} vector`, { m: rows, n: inputs, k: outputs, a: dy, b, c }),
    sequenceDots(device, `${label} dots`, { sequences: rows / length, length, width }, {
      a: c,
      b: narrow ? dy : x,
      parts,
    }),
  ]);
}

/** What `tiedNorms` needs of the logits' gradients, which the next block of rows overwrites. */
function keepDispatch(
  { device, batch: { length }, activations, buffers }: InfluenceContext,
  { first, rows }: WeightFactors,
): Promise<Dispatch> {
  const { element, logits, logitStride, tokens } = activations;
  return keepTokenGradients(
    device,
    "token gradients",
    { sequences: rows / length, length, element, stride: logitStride },
    {
      logits,
      tokens: { buffer: tokens, offset: 4 * first, size: 4 * rows },
      kept: { buffer: buffers.tokenGradients, type: element, offset: first * length },
    },
  );
}

/** What the embedding's rows give as the first layer's input, on top of what they give as the head. */
function gatheredDispatches(context: InfluenceContext, norms: boolean): Promise<Dispatch[]> {
  const { device, shape, batch, activations, vectors, buffers } = context;
  const { tokens } = activations;
  const d = activation(context, gradientsOf(context).x);
  const { width, vocabularySize } = shape;
  const rows = { sequences: batch.sequences, length: batch.length, width };
  const dispatches: Pending[] = [];
  for (const group of context.groups.filter(({ gathered }) => gathered)) {
    for (const [v, vector] of vectors.entries()) {
      dispatches.push(
        gatherDots(device, "embedding dots", { ...rows, vocabularySize }, {
          d,
          vector: vector.factor(group),
          tokens,
          parts: buffers.partsOf(v, group),
        }),
      );
    }
    if (!norms) continue;
    const parts = buffers.partsOf(vectors.length, group);
    dispatches.push(gatherNorms(device, "embedding norms", rows, { d, tokens, parts }));
    if (group.multiplied) {
      dispatches.push(
        tiedNorms(device, "tied norms", rows, {
          h: activation(context, activations.hidden),
          d,
          kept: activation(context, buffers.tokenGradients),
          parts,
        }),
      );
    }
  }
  return inOrder(dispatches);
}
