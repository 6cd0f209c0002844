/**
 * A decoder's pass: five phases a layer, then the head. Rows are tokens of any slots at any positions, so that reading a
 * prompt and writing many texts at once are the same program. What a row comes out as does not depend on the others.
 * @module
 */
import type { Kernels } from "../kernels.ts";
import { ATTENTION_BLOCK, type DecodeLayer, type DecodeLayout, decodeMemory } from "../memory/decode.ts";
import { queryKeyValueWidth } from "../shape.ts";
import { type Phase, phase } from "./context.ts";
import { DecodeContext, lazyPhase, type Pass } from "./decode_context.ts";
import { productPhase } from "./decode_products.ts";
import { rowsAt } from "./forward.ts";
import type { Rows } from "./products.ts";

/** Builds a pass once, for one worker, and runs it again and again. */
export class DecodePlanner {
  readonly #context: DecodeContext;
  readonly #phases: readonly Phase[];

  constructor(kernels: Kernels, memory: WebAssembly.Memory, layout: DecodeLayout, worker: number) {
    const context = new DecodeContext(kernels, layout.shape, decodeMemory(layout), memory, worker);
    this.#context = context;
    this.#phases = [
      gatherPhase(context),
      ...context.memory.layers.flatMap((layer) => layerPhases(context, layer)),
      headPhase(context),
    ];
  }

  phases(pass: Pass): readonly Phase[] {
    this.#context.begin(pass);
    return this.#phases;
  }
}

/** Tokens → rows of the embedding. */
function gatherPhase(context: DecodeContext): Phase {
  const { kernels, memory, shape: { width } } = context;
  const { embedding, tokens, x } = memory;
  return phase([() => {
    if (embedding.kind === "float32") kernels.gatherPanels(tokens, embedding.panels, x, context.rows, width);
    else {
      const { packed, scales, group } = embedding;
      kernels.gatherQuantised(tokens, packed, scales, x, context.rows, width, group);
    }
  }]);
}

function layerPhases(context: DecodeContext, layer: DecodeLayer): Phase[] {
  const { memory, shape, scratch, kernels } = context;
  const { width, feedForwardWidth } = shape;
  const x = rowsAt(memory.x, width, 0);
  const middle = rowsAt(memory.middle, width, 0);
  const rows = () => context.rows;
  const product = (matrix: DecodeLayer["down"], prepare: () => void, base: Rows | undefined, y: Rows) =>
    productPhase(
      context,
      matrix,
      rows,
      prepare,
      (from, _, multiply) => multiply(base && columnsFrom(base, from), columnsFrom(y, from)),
    );
  return [
    queryKeyValuePhase(context, layer),
    attentionPhase(context, layer),
    product(layer.output, () => combineRows(context), x, middle),
    product(
      layer.gateUp,
      () => normRows(context, memory.middle, layer.feedForwardNorm, context.rows),
      undefined,
      rowsAt(memory.gateUp, 2 * feedForwardWidth, 0),
    ),
    product(
      layer.down,
      () => kernels.swigluForward(memory.gateUp, scratch.input, context.rows, feedForwardWidth),
      middle,
      x,
    ),
  ];
}

function columnsFrom({ at, stride }: Rows, from: number): Rows {
  return { at: at + 4 * from, stride };
}

/** RMSNorm of rows into the scratch's input. */
function normRows({ kernels, scratch, shape }: DecodeContext, at: number, weight: number, rows: number) {
  const { width, normEpsilon } = shape;
  kernels.rmsNormForward(at, weight, scratch.input, scratch.reciprocals, rows, width, normEpsilon);
}

/** Queries, keys and values, whole heads at a time: through QK-norm and RoPE in place, keys and values to the cache. */
function queryKeyValuePhase(context: DecodeContext, layer: DecodeLayer): Phase {
  const { memory, shape } = context;
  const width = queryKeyValueWidth(shape);
  return productPhase(
    context,
    layer.queryKeyValue,
    () => context.rows,
    () => normRows(context, memory.x, layer.attentionNorm, context.rows),
    (from, count, multiply) => {
      multiply(undefined, columnsFrom(rowsAt(memory.queryKeyValue, width, 0), from));
      const first = from / shape.headSize;
      const last = (from + count) / shape.headSize;
      for (let row = 0; row < context.rows; row++) finishHeads(context, layer, row, first, last);
    },
    // Whole heads, whole panels.
    shape.headSize % 8 === 0 ? shape.headSize : 2 * shape.headSize,
  );
}

/** What follows the product for the heads `from` … `to` (exclusive) of a row: queries, then keys, then values. */
function finishHeads(context: DecodeContext, layer: DecodeLayer, row: number, from: number, to: number) {
  const { kernels, memory, scratch, shape } = context;
  const { heads, keyValueHeads, headSize, normEpsilon } = shape;
  const bytes = 4 * headSize;
  const width = queryKeyValueWidth(shape);
  const start = rowsAt(memory.queryKeyValue, width, row).at;
  const position = context.word(memory.positions, row);
  for (let head = from; head < to; head++) {
    const at = start + bytes * head;
    if (head < heads + keyValueHeads) {
      const { headNorms } = layer;
      if (headNorms !== undefined) {
        kernels.headNormForward(
          at,
          4 * width,
          1,
          1,
          headSize,
          head < heads ? headNorms.query : headNorms.key,
          scratch.normed,
          0,
          scratch.reciprocals,
          0,
          normEpsilon,
        );
      }
      kernels.rotaryForward(
        at,
        4 * width,
        1,
        1,
        headSize,
        memory.rotary,
        position,
        position + 1,
        shape.queryKeyNorm === "after rope" ? scratch.reciprocals : 0,
        normEpsilon,
      );
    }
    if (head < heads) continue;
    const keyValueHead = (head - heads) % keyValueHeads;
    const cached = head < heads + keyValueHeads ? layer.keys : layer.values;
    kernels.copy(cached + cachePlace(context, row, keyValueHead) + bytes * position, at, bytes);
  }
}

/** Bytes from the start of a layer's keys, or values, to those of a row's slot and a key-value head. */
function cachePlace(context: DecodeContext, row: number, head: number): number {
  const { memory, shape: { keyValueHeads, headSize } } = context;
  const slot = context.word(memory.rowSlots, row);
  return 4 * headSize * memory.cachePositions * (slot * keyValueHeads + head);
}

/** A task is one block of positions for the query heads that share a key-value head. */
function attentionPhase(context: DecodeContext, layer: DecodeLayer): Phase {
  const { kernels, memory, scratch, shape } = context;
  const { heads, keyValueHeads, headSize } = shape;
  const group = heads / keyValueHeads;
  const width = queryKeyValueWidth(shape);
  return lazyPhase(context, () => context.attentionTasks, (task) => {
    let row = context.rows - 1;
    // Row 0's first task is 0.
    while ((context.firstTask[row] as number) > task) row--;
    const own = task - (context.firstTask[row] as number);
    const head = own % keyValueHeads;
    const block = Math.floor(own / keyValueHeads);
    const from = block * ATTENTION_BLOCK;
    const count = Math.min(ATTENTION_BLOCK, context.word(memory.positions, row) + 1 - from);
    const cached = cachePlace(context, row, head) + 4 * headSize * from;
    kernels.attendBlock(
      memory.queryKeyValue + 4 * (width * row + headSize * group * head),
      group,
      layer.keys + cached,
      layer.values + cached,
      count,
      headSize,
      headSize ** -0.5,
      scratch.scores,
      partsOf(context, row, block) + 4 * (4 + headSize) * group * head,
    );
  });
}

/** The parts of a row's block, of all heads. */
function partsOf({ memory, shape: { heads, headSize } }: DecodeContext, row: number, block: number): number {
  return memory.parts + 4 * (4 + headSize) * heads * (row * memory.blocks + block);
}

/** Attention's result for every row, into the scratch's input. */
function combineRows(context: DecodeContext) {
  const { kernels, scratch, shape: { heads, headSize } } = context;
  for (let row = 0; row < context.rows; row++) {
    kernels.combineBlocks(
      partsOf(context, row, 0),
      context.blocks(row),
      4 * (4 + headSize) * heads,
      heads,
      headSize,
      rowsAt(scratch.input, heads * headSize, row).at,
    );
  }
}

/** Final norm and logits of the rows that want them, each to its slot's. */
function headPhase(context: DecodeContext): Phase {
  const { kernels, memory, scratch, shape } = context;
  const { width, vocabularySize } = shape;
  const wanted = (i: number) => context.word(memory.logitRows, i);
  return productPhase(
    context,
    memory.head,
    () => context.logits,
    () => {
      for (let i = 0; i < context.logits; i++) {
        kernels.rmsNormForward(
          rowsAt(memory.x, width, wanted(i)).at,
          memory.finalNorm,
          rowsAt(scratch.input, width, i).at,
          scratch.reciprocals,
          1,
          width,
          shape.normEpsilon,
        );
      }
    },
    (from, count, multiply) => {
      const y = rowsAt(scratch.logits, count, 0);
      multiply(undefined, y);
      for (let i = 0; i < context.logits; i++) {
        const slot = context.word(memory.rowSlots, wanted(i));
        const to = memory.logits + 4 * (slot * vocabularySize + from);
        kernels.copy(to, y.at + i * y.stride, 4 * count);
      }
    },
  );
}
