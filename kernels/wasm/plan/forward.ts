/**
 * The forward pass: 2·layers + 1 phases. All but attention works row by row, so one task takes its rows from one
 * layer's attention to the next layer's queries, keys and values without meeting the others.
 * @module
 */
import { type LayerActivations, QUERY_BLOCK } from "../memory/batch.ts";
import type { LayerMatrices } from "../memory/model.ts";
import { roundUp } from "../memory/arena.ts";
import { queryKeyValueWidth } from "../shape.ts";
import { type Block, blocks } from "./blocks.ts";
import { type Context, type Phase, phase } from "./context.ts";
import type { Rows } from "./products.ts";

/** Tasks of attention that are worth sharing out: below that, a sequence's queries are split. */
const ATTENTION_TASKS = 16;

/** Row `from` of a [R × width] matrix of floats. */
export function rowsAt(address: number, width: number, from: number): Rows {
  return { at: address + 4 * width * from, stride: 4 * width };
}

/** Fills the batch's activations, up to the head's input. */
export function forwardPhases(context: Context): Phase[] {
  const { model, memory, kernels, shape } = context;
  const rowBlocks = blocks(memory.rows, memory.rowBlock);
  const perRow = (run: (block: Block) => void) => phase(rowBlocks.map((block) => () => run(block)));
  const layers = memory.layers.map((kept, i) => ({
    kept,
    // Both lists have one entry a layer.
    weights: model.layers[i] as LayerMatrices,
    output: memory.layers[i + 1]?.x ?? memory.last,
  }));
  const gather = ({ from, count }: Block) =>
    kernels.gatherRows(
      memory.tokens + 4 * from,
      model.embedding.weights,
      rowsAt(layers[0]?.kept.x ?? memory.last, shape.width, from).at,
      count,
      shape.width,
    );
  const first = perRow((block) => {
    gather(block);
    if (layers[0] !== undefined) enterLayer(context, layers[0].kept, layers[0].weights, block);
  });
  return [
    first,
    ...layers.flatMap(({ kept, weights, output }, i) => [
      attentionPhase(context, kept),
      perRow((block) => {
        leaveLayer(context, kept, weights, output, block);
        const next = layers[i + 1];
        if (next !== undefined) enterLayer(context, next.kept, next.weights, block);
        else finalNorm(context, block);
      }),
    ]),
  ];
}

/** x → norm → q, k, v → QK-norm and RoPE. */
function enterLayer(
  context: Context,
  kept: LayerActivations,
  weights: LayerMatrices,
  { from, count }: Block,
) {
  const { kernels, products, shape, memory, batch } = context;
  const { width, heads, keyValueHeads, headSize } = shape;
  const input = rowsAt(kept.attentionInput, width, from);
  kernels.rmsNormForward(
    rowsAt(kept.x, width, from).at,
    weights.attentionNorm.weights,
    input.at,
    kept.attentionNorm + 4 * from,
    count,
    width,
    shape.normEpsilon,
  );
  const queryKeyValue = rowsAt(kept.queryKeyValue, queryKeyValueWidth(shape), from);
  products.forward(input, count, weights.queryKeyValue, undefined, queryKeyValue);
  weightedHeadNorms(context, kept, weights, { from, count });
  kernels.rotaryForward(
    queryKeyValue.at,
    queryKeyValue.stride,
    count,
    heads + keyValueHeads,
    headSize,
    memory.rotary,
    from,
    batch.length,
    shape.queryKeyNorm === "after rope" ? rowsAt(kept.queryKeyNorm, heads + keyValueHeads, from).at : 0,
    shape.normEpsilon,
  );
}

/** QK-norm with weights, on the heads of q and on those of k; nothing where it has none. */
function weightedHeadNorms(
  { kernels, shape }: Context,
  kept: LayerActivations,
  { headNorms }: LayerMatrices,
  { from, count }: Block,
) {
  if (headNorms === undefined) return;
  const { heads, keyValueHeads, headSize, normEpsilon } = shape;
  const rows = rowsAt(kept.queryKeyValue, queryKeyValueWidth(shape), from);
  const normed = rowsAt(kept.headsNormed, (heads + keyValueHeads) * headSize, from);
  const reciprocals = rowsAt(kept.queryKeyNorm, heads + keyValueHeads, from);
  const norm = (first: number, number: number, weight: number) =>
    kernels.headNormForward(
      rows.at + 4 * headSize * first,
      rows.stride,
      count,
      number,
      headSize,
      weight,
      normed.at + 4 * headSize * first,
      normed.stride,
      reciprocals.at + 4 * first,
      reciprocals.stride,
      normEpsilon,
    );
  norm(0, heads, headNorms.query.weights);
  norm(heads, keyValueHeads, headNorms.key.weights);
}

function attentionPhase({ kernels, shape, batch, memory, scratch }: Context, kept: LayerActivations): Phase {
  const { heads, keyValueHeads, headSize } = shape;
  const { sequences, length } = batch;
  const width = queryKeyValueWidth(shape);
  const parts = Math.ceil(ATTENTION_TASKS / (sequences * heads));
  const queryBlocks = blocks(length, roundUp(length / parts, QUERY_BLOCK));
  const tasks: (() => void)[] = [];
  for (let sequence = 0; sequence < sequences; sequence++) {
    const row = sequence * length;
    const start = kept.queryKeyValue + 4 * width * row;
    for (let head = 0; head < heads; head++) {
      const keyHead = heads + Math.floor(head * keyValueHeads / heads);
      for (const { from, count } of queryBlocks) {
        tasks.push(() =>
          kernels.attentionForward(
            start + 4 * headSize * head,
            start + 4 * headSize * keyHead,
            start + 4 * headSize * (keyHead + keyValueHeads),
            4 * width,
            memory.starts + 4 * row,
            kept.attention + 4 * headSize * (row * heads + head),
            4 * headSize * heads,
            kept.logSums + 4 * (head * memory.rows + row),
            headSize,
            headSize ** -0.5,
            from,
            from + count,
            scratch.keyPanels,
            scratch.valuePanels,
            scratch.left,
            scratch.scores,
            scratch.edge,
          )
        );
      }
    }
  }
  return phase(tasks);
}

/** attention → o → + x → norm → gate, up → SwiGLU → down → + middle. */
function leaveLayer(
  { kernels, products, shape }: Context,
  kept: LayerActivations,
  weights: LayerMatrices,
  output: number,
  { from, count }: Block,
) {
  const { width, heads, headSize, feedForwardWidth } = shape;
  const middle = rowsAt(kept.middle, width, from);
  const input = rowsAt(kept.feedForwardInput, width, from);
  const gateUp = rowsAt(kept.gateUp, 2 * feedForwardWidth, from);
  const activation = rowsAt(kept.activation, feedForwardWidth, from);
  const attention = rowsAt(kept.attention, heads * headSize, from);
  products.forward(attention, count, weights.output, rowsAt(kept.x, width, from), middle);
  kernels.rmsNormForward(
    middle.at,
    weights.feedForwardNorm.weights,
    input.at,
    kept.feedForwardNorm + 4 * from,
    count,
    width,
    shape.normEpsilon,
  );
  products.forward(input, count, weights.gateUp, undefined, gateUp);
  kernels.swigluForward(gateUp.at, activation.at, count, feedForwardWidth);
  products.forward(activation, count, weights.down, middle, rowsAt(output, width, from));
}

function finalNorm({ kernels, shape, model, memory }: Context, { from, count }: Block) {
  kernels.rmsNormForward(
    rowsAt(memory.last, shape.width, from).at,
    model.finalNorm.weights,
    rowsAt(memory.headInput, shape.width, from).at,
    memory.finalNorm + 4 * from,
    count,
    shape.width,
    shape.normEpsilon,
  );
}
