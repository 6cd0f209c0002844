/**
 * The backward pass through the layers: 2·layers + 2 phases. Tasks that only read what an earlier phase finished, the
 * weight gradients, share a phase with attention or with the row-wise work, so that workers do not run dry.
 *
 * While layer l is worked on, `outputGradient` is the gradient of its output, `middleGradient` that of its middle,
 * its gateUp buffer turns into that of gate and up, and `queryKeyValueGradient` that of q, k and v before RoPE.
 * @module
 */
import type { LayerActivations } from "../memory/batch.ts";
import type { LayerMatrices } from "../memory/model.ts";
import { queryKeyValueWidth } from "../shape.ts";
import { type Block, blocks, evenBlocks } from "./blocks.ts";
import { type Context, type Phase, phase } from "./context.ts";
import { rowsAt } from "./forward.ts";
import { normPart } from "./head.ts";

/** Ranges of the vocabulary that the embedding's gradient is scattered by, one a task. */
const SCATTER_TASKS = 16;

interface Layer {
  readonly kept: LayerActivations;
  readonly weights: LayerMatrices;
  /** Parts of its norms' gradients. */
  readonly attentionNormParts: number;
  readonly feedForwardNormParts: number;
  readonly headNormParts: { readonly query: number; readonly key: number } | undefined;
}

/** Gradients of everything below the final norm, from `outputGradient` as the head left it. */
export function backwardPhases(context: Context): Phase[] {
  return [
    ...layersBackward(context),
    phase([...scatterTasks(context), ...normTasks(context)]),
  ];
}

function layersOf({ memory, model }: Context): Layer[] {
  return memory.layers.map((kept, i): Layer => ({
    kept,
    // One entry a layer, and two lists of parts.
    weights: model.layers[i] as LayerMatrices,
    attentionNormParts: memory.normParts[2 * i] as number,
    feedForwardNormParts: memory.normParts[2 * i + 1] as number,
    headNormParts: memory.headNormParts[i],
  }));
}

/** Gradients of the layers' matrices; that of the first layer's input is left in `outputGradient`. */
export function layersBackward(context: Context): Phase[] {
  const { memory } = context;
  const rowBlocks = blocks(memory.rows, memory.rowBlock);
  const perRow = (run: (block: Block) => void) => rowBlocks.map((block) => () => run(block));
  const layers = layersOf(context);
  const phases: Phase[] = [];
  const last = layers.at(-1);
  if (last !== undefined) phases.push(phase(perRow((block) => feedForwardBackward(context, last, block))));
  for (let i = layers.length - 1; i >= 0; i--) {
    const layer = layers[i] as Layer; // i counts the layers.
    const below = layers[i - 1];
    const accumulate = () => context.settings.accumulate;
    const gradientOf = (matrix: keyof Matrices, dy: number, x: number) => {
      const { [matrix]: weights } = layer.weights;
      return context.products.weightGradient(
        rowsAt(dy, weights.outputs, 0),
        rowsAt(x, weights.inputs, 0),
        memory.rows,
        weights,
        accumulate,
      );
    };
    const { kept } = layer;
    phases.push(phase([
      ...attentionTasks(context, layer),
      ...gradientOf("down", memory.outputGradient, kept.activation),
      ...gradientOf("gateUp", kept.gateUp, kept.feedForwardInput),
      ...gradientOf("output", memory.middleGradient, kept.attention),
    ]));
    phases.push(phase([
      ...perRow((block) => {
        attentionInputBackward(context, layer, block);
        if (below !== undefined) feedForwardBackward(context, below, block);
      }),
      ...gradientOf("queryKeyValue", memory.queryKeyValueGradient, kept.attentionInput),
    ]));
  }
  return phases;
}

type Matrices = Pick<LayerMatrices, "queryKeyValue" | "output" | "gateUp" | "down">;

/** outputGradient → down → SwiGLU → gate, up → norm → middleGradient → o → attentionGradient. */
function feedForwardBackward(
  { kernels, products, shape, memory, scratch }: Context,
  { kept, weights, feedForwardNormParts }: Layer,
  { from, count }: Block,
) {
  const { width, heads, headSize, feedForwardWidth } = shape;
  const output = rowsAt(memory.outputGradient, width, from);
  const middle = rowsAt(memory.middleGradient, width, from);
  const gateUp = rowsAt(kept.gateUp, 2 * feedForwardWidth, from);
  const inner = { at: scratch.inner, stride: 4 * feedForwardWidth };
  const normed = { at: scratch.normGradient, stride: 4 * width };
  products.backward(output, count, weights.down, inner);
  kernels.swigluBackward(gateUp.at, inner.at, count, feedForwardWidth);
  products.backward(gateUp, count, weights.gateUp, normed);
  kernels.rmsNormBackward(
    normed.at,
    rowsAt(kept.middle, width, from).at,
    weights.feedForwardNorm.weights,
    kept.feedForwardNorm + 4 * from,
    output.at,
    middle.at,
    normPart(feedForwardNormParts, memory.rowBlock, width, from),
    count,
    width,
  );
  const attention = rowsAt(memory.attentionGradient, heads * headSize, from);
  products.backward(middle, count, weights.output, attention);
}

/** attentionGradient → queryKeyValueGradient, one key-value head of one sequence a task. */
function attentionTasks(
  { kernels, shape, batch, memory, scratch }: Context,
  { kept, weights, headNormParts }: Layer,
): (() => void)[] {
  const { heads, keyValueHeads, headSize } = shape;
  const { sequences, length } = batch;
  const width = queryKeyValueWidth(shape);
  const group = heads / keyValueHeads;
  const [stride, attentionStride] = [4 * width, 4 * heads * headSize];
  const normStride = 4 * (heads + keyValueHeads);
  const tasks: (() => void)[] = [];
  for (let sequence = 0; sequence < sequences; sequence++) {
    const row = sequence * length;
    for (let keyHead = 0; keyHead < keyValueHeads; keyHead++) {
      const head = keyHead * group;
      // Bytes into a row of q, k and v.
      const query = 4 * headSize * head;
      const key = 4 * headSize * (heads + keyHead);
      const value = key + 4 * headSize * keyValueHeads;
      const forward = kept.queryKeyValue + stride * row;
      const gradient = memory.queryKeyValueGradient + stride * row;
      const attention = attentionStride * row + query;
      const norms = kept.queryKeyNorm + normStride * row;
      const rotaryBackward = (place: number, turned: number, first: number) =>
        kernels.rotaryBackward(
          gradient + place,
          forward + place,
          stride,
          length,
          turned,
          headSize,
          memory.rotary,
          0,
          length,
          shape.queryKeyNorm === "after rope" ? norms + 4 * first : 0,
          normStride,
        );
      const { headNorms } = weights;
      const normedWidth = (heads + keyValueHeads) * headSize;
      const part = 4 * headSize * (sequence * keyValueHeads + keyHead);
      const headNormBackward = (turned: number, first: number, weight: number, parts: number) =>
        kernels.headNormBackward(
          gradient + 4 * headSize * first,
          stride,
          length,
          turned,
          headSize,
          weight,
          kept.headsNormed + 4 * (normedWidth * row + headSize * first),
          4 * normedWidth,
          norms + 4 * first,
          normStride,
          parts + part,
        );
      tasks.push(() => {
        kernels.attentionBackward(
          forward + query,
          forward + key,
          forward + value,
          stride,
          memory.starts + 4 * row,
          kept.attention + attention,
          memory.attentionGradient + attention,
          attentionStride,
          kept.logSums + 4 * (head * memory.rows + row),
          4 * memory.rows,
          gradient + query,
          gradient + key,
          gradient + value,
          length,
          group,
          headSize,
          headSize ** -0.5,
          scratch.keyPanels,
          scratch.valuePanels,
          scratch.keyRowPanels,
          scratch.left,
          scratch.right,
          scratch.scores,
          scratch.scoreGradients,
          scratch.edge,
        );
        rotaryBackward(query, group, head);
        rotaryBackward(key, 1, heads + keyHead);
        if (headNorms !== undefined && headNormParts !== undefined) {
          headNormBackward(group, head, headNorms.query.weights, headNormParts.query);
          headNormBackward(1, heads + keyHead, headNorms.key.weights, headNormParts.key);
        }
      });
    }
  }
  return tasks;
}

/** queryKeyValueGradient → norm → + middleGradient: the gradient of the layer's input, the output of the one below. */
function attentionInputBackward(
  { kernels, products, shape, memory, scratch }: Context,
  { kept, weights, attentionNormParts }: Layer,
  { from, count }: Block,
) {
  const { width } = shape;
  const normed = { at: scratch.normGradient, stride: 4 * width };
  const gradient = rowsAt(memory.queryKeyValueGradient, queryKeyValueWidth(shape), from);
  products.backward(gradient, count, weights.queryKeyValue, normed);
  kernels.rmsNormBackward(
    normed.at,
    rowsAt(kept.x, width, from).at,
    weights.attentionNorm.weights,
    kept.attentionNorm + 4 * from,
    rowsAt(memory.middleGradient, width, from).at,
    rowsAt(memory.outputGradient, width, from).at,
    normPart(attentionNormParts, memory.rowBlock, width, from),
    count,
    width,
  );
}

/** Ranges of the vocabulary, each of which one task adds up. */
export function vocabularyRanges(vocabularySize: number): Block[] {
  return evenBlocks(vocabularySize, Math.ceil(vocabularySize / SCATTER_TASKS), 1);
}

/** Gradient of the embedding's rows; where the head is tied, on top of the head's. */
function scatterTasks(context: Context): (() => void)[] {
  const { kernels, shape, model, memory } = context;
  const { width, vocabularySize, tiedEmbeddings } = shape;
  return vocabularyRanges(vocabularySize).map(
    ({ from, count }) => () => {
      const { gradient } = model.embedding;
      if (!tiedEmbeddings && !context.settings.accumulate) {
        kernels.clear(gradient + 4 * width * from, 4 * width * count);
      }
      kernels.scatterRows(
        memory.tokens,
        memory.outputGradient,
        gradient,
        memory.rows,
        width,
        from,
        from + count,
      );
    },
  );
}

/** Gradients of the norms' weights from the row blocks' parts. */
function normTasks(context: Context): (() => void)[] {
  const { kernels, shape, batch, model, memory } = context;
  const sumOf = (count: number, width: number) => (parts: number, gradient: number) => () =>
    kernels.sumParts(parts, count, width, gradient, context.settings.accumulate ? 1 : 0);
  const sum = sumOf(Math.ceil(memory.rows / memory.rowBlock), shape.width);
  const sumHeads = sumOf(batch.sequences * shape.keyValueHeads, shape.headSize);
  return [
    ...layersOf(context).flatMap(({ weights, attentionNormParts, feedForwardNormParts, headNormParts }) => [
      sum(attentionNormParts, weights.attentionNorm.gradient),
      sum(feedForwardNormParts, weights.feedForwardNorm.gradient),
      ...(weights.headNorms !== undefined && headNormParts !== undefined
        ? [
          sumHeads(headNormParts.query, weights.headNorms.query.gradient),
          sumHeads(headNormParts.key, weights.headNorms.key.gradient),
        ]
        : []),
    ]),
    // The final norm's parts come last.
    sum(memory.normParts.at(-1) as number, model.finalNorm.gradient),
  ];
}
