/**
 * The head and the loss, a chunk of rows at a time, so that all logits never exist at once: logits, loss, their
 * gradient in their place, then the gradients of the head's input and weights.
 * @module
 */
import { type Block, blocks } from "./blocks.ts";
import { type Context, type Phase, phase } from "./context.ts";
import { rowsAt } from "./forward.ts";
import type { Rows } from "./products.ts";

/** Losses of every row; with `gradient`, also the head's gradient and that of the last layer's output. */
export function lossPhases(context: Context, gradient: boolean): Phase[] {
  const { products, model, memory, shape } = context;
  return blocks(memory.rows, memory.logitRows).flatMap((chunk) => {
    const rowBlocks = blocks(chunk.count, memory.rowBlock);
    const losses = phase(rowBlocks.map(({ from, count }) => () => {
      const block = { from: chunk.from + from, count };
      const logits = logitRows(memory.logits, memory.logitStride, from);
      const counts = anyCounts(context, block);
      if (counts) {
        products.forward(
          rowsAt(memory.headInput, shape.width, block.from),
          count,
          model.head,
          undefined,
          logits,
        );
      }
      lossOfRows(context, logits, block, gradient);
      if (gradient) headBackward(context, logits, block, counts);
    }));
    if (!gradient) return [losses];
    const weightGradient = products.weightGradient(
      logitRows(memory.logits, memory.logitStride, 0),
      rowsAt(memory.headInput, shape.width, chunk.from),
      chunk.count,
      model.head,
      () => chunk.from > 0 || context.settings.accumulate,
    );
    return [losses, phase(weightGradient)];
  });
}

/** Whether a target of the block has a weight: where none does, the loss looks at no logit, and their gradient is 0. */
function anyCounts({ memory, floats }: Context, { from, count }: Block): boolean {
  return floats(memory.lossWeights + 4 * from, count).some((weight) => weight !== 0);
}

/** Logits of the rows that the settings name, into the chunk's buffer; at most `logitRows` of them. */
export function logitPhase(context: Context): Phase {
  const { products, model, memory, shape } = context;
  return phase(
    blocks(memory.logitRows, memory.rowBlock).map((block) => () => {
      const { logitFirst, logitStep, logitCount } = context.settings;
      const count = Math.min(block.count, logitCount - block.from);
      if (count <= 0) return;
      const { at, stride } = rowsAt(memory.headInput, shape.width, logitFirst + block.from * logitStep);
      const logits = logitRows(memory.logits, memory.logitStride, block.from);
      products.forward({ at, stride: stride * logitStep }, count, model.head, undefined, logits);
    }),
  );
}

function logitRows(logits: number, stride: number, from: number): Rows {
  return { at: logits + from * stride, stride };
}

function lossOfRows(
  { kernels, shape, batch, memory, settings }: Context,
  logits: Rows,
  { from, count }: Block,
  gradient: boolean,
) {
  const rows = [logits.at, logits.stride, count, shape.vocabularySize] as const;
  const goal = [
    memory.targets + 4 * from,
    memory.lossWeights + 4 * from,
    settings.lossScale,
    memory.losses + 4 * from,
  ] as const;
  const teacher = memory.teacherLogits + from * memory.teacherStride;
  if (!gradient || batch.teacher === "none") {
    kernels.crossEntropy(...rows, ...goal, gradient ? 1 : 0);
  } else if (batch.teacher === "full") {
    kernels.distil(
      ...rows,
      ...goal,
      teacher,
      memory.teacherStride,
      settings.temperature,
      settings.crossEntropyShare,
      settings.reverse ? 1 : 0,
    );
  } else {
    kernels.distilTop(
      ...rows,
      ...goal,
      teacher,
      memory.teacherIds + 4 * batch.teacherWidth * from,
      batch.teacherWidth,
      settings.temperature,
      settings.crossEntropyShare,
    );
  }
}

/**
 * Logit gradients → head's input → through the final norm, to the gradient of the last layer's output.
 *
 * @param counts Whether they are not all 0.
 */
function headBackward(
  { kernels, products, shape, model, memory, scratch }: Context,
  logits: Rows,
  { from, count }: Block,
  counts: boolean,
) {
  const { width } = shape;
  const gradient = { at: scratch.normGradient, stride: 4 * width };
  const output = rowsAt(memory.outputGradient, width, from).at;
  if (counts) products.backward(logits, count, model.head, gradient);
  else kernels.clear(gradient.at, gradient.stride * count);
  kernels.clear(output, 4 * width * count);
  kernels.rmsNormBackward(
    gradient.at,
    rowsAt(memory.last, width, from).at,
    model.finalNorm.weights,
    memory.finalNorm + 4 * from,
    output,
    output,
    normPart(memory.normParts.at(-1), memory.rowBlock, width, from),
    count,
    width,
  );
}

/** Where a row block's part of a norm's gradient goes. */
export function normPart(parts: number | undefined, rowBlock: number, width: number, from: number): number {
  // There is one list of parts for each norm.
  return (parts as number) + 4 * width * (from / rowBlock);
}
