/**
 * The gradient of each sequence and tensor, multiplied with vectors and, where wanted, with itself.
 *
 * One task owns the result of one sequence, tensor and vector; so a batch should have several sequences for each worker.
 * @module
 */
import type { InfluenceGroup } from "../memory/influence.ts";
import { type Phase, phase } from "./context.ts";
import { type GroupTasks, type InfluenceContext, influencePasses, type Tasks } from "./influence.ts";
import { packingTasks } from "./update.ts";

/** Rows that products of positions are multiplied by; ROWS of assembly/influence.ts. */
const GRAM_ROWS = 40;

/**
 * Results of a batch. Its loss weights sum to 1 over each sequence, so that a gradient is that of the sequence's mean loss.
 *
 * @param norms whether squared norms are wanted beside the products
 */
export function influenceProductPhases(context: InfluenceContext, norms: boolean): Phase[] {
  const { kernels, influence } = context;
  return [
    phase([
      () => kernels.clear(influence.results, 8 * influence.resultCount),
      ...packVectors(context),
    ]),
    ...influencePasses(context, linearTasks(context, norms)),
    phase(gatheredTasks(context, norms)),
  ];
}

/** Panels of every vector's matrices, as `linearProduct` reads them. */
function packVectors({ kernels, influence }: InfluenceContext): Tasks {
  return influence.vectors.flatMap(({ values, panels }) =>
    influence.groups.flatMap(({ matrix, place, outputs, inputs }, i) =>
      matrix === undefined
        ? []
        : packingTasks(kernels, values + 4 * place, outputs, inputs, panelsOf(panels, i))
    )
  );
}

/** What tensors give as factors of a product y = x·Wᵀ. */
function linearTasks(context: InfluenceContext, norms: boolean): GroupTasks {
  const { kernels, batch: { length }, influence: { vectors }, own, scratch: { left, edge } } = context;
  return (group, index, dy, x) =>
    perSequence(context, (sequence) => {
      const { inputs, outputs } = group;
      const [xRows, dyRows] = [x.at + sequence * length * x.stride, dy.at + sequence * length * dy.stride];
      const tasks: Tasks = vectors.map(({ panels }, v) => {
        const right = panelsOf(panels, index);
        const target = resultPlace(context, v, sequence, index);
        return () =>
          kernels.linearProduct(
            xRows,
            x.stride,
            right,
            dyRows,
            dy.stride,
            length,
            inputs,
            outputs,
            own.first,
            left,
            edge,
            target,
          );
      });
      if (!norms) return tasks;
      const rows = [xRows, x.stride, dyRows, dy.stride, length, inputs, outputs] as const;
      const target = resultPlace(context, vectors.length, sequence, index);
      tasks.push(
        gramIsCheaper(length, inputs, outputs)
          ? () => kernels.gramNorm(...rows, own.first, own.second, left, own.right, edge, target)
          : () => kernels.gradientNorm(...rows, own.first, left, own.right, edge, target),
      );
      if (group.gathered) {
        // For `tiedNorm`, once the gradients of the embedding's outputs are known.
        const kept = tokenGradients(context, sequence);
        tasks.push(() =>
          kernels.gatherLogitGradients(dyRows, dy.stride, tokensOf(context, sequence), length, kept)
        );
      }
      return tasks;
    });
}

/** What the embedding's rows give as the first layer's input, on top of what they give as the head. */
function gatheredTasks(context: InfluenceContext, norms: boolean): Tasks {
  const { kernels, batch: { length }, shape: { width }, memory, influence } = context;
  return influence.groups.flatMap((group, index) =>
    group.gathered
      ? perSequence(context, (sequence) => {
        const tokens = tokensOf(context, sequence);
        const d = memory.outputGradient + 4 * width * length * sequence;
        const tasks: Tasks = influence.vectors.map(({ values }, v) => () =>
          kernels.gatherProduct(
            tokens,
            values + 4 * group.place,
            d,
            length,
            width,
            resultPlace(context, v, sequence, index),
          )
        );
        if (norms) tasks.push(() => gatheredNorm(context, group, index, sequence, tokens, d));
        return tasks;
      })
      : []
  );
}

function gatheredNorm(
  context: InfluenceContext,
  group: InfluenceGroup,
  index: number,
  sequence: number,
  tokens: number,
  d: number,
) {
  const { kernels, batch: { length }, shape: { width }, memory, influence, own, scratch } = context;
  const target = resultPlace(context, influence.vectors.length, sequence, index);
  kernels.gatherNorm(tokens, d, length, width, target);
  if (group.matrix === undefined) return;
  kernels.tiedNorm(
    memory.headInput + 4 * width * length * sequence,
    d,
    tokenGradients(context, sequence),
    length,
    width,
    own.first,
    scratch.left,
    own.right,
    scratch.edge,
    target,
  );
}

/** Whether ‖G‖² takes fewer multiply-adds from products of positions, T·(T + 40)/2·(inputs + outputs), than from G itself. */
function gramIsCheaper(length: number, inputs: number, outputs: number): boolean {
  return (length + GRAM_ROWS) * (inputs + outputs) < 2 * inputs * outputs;
}

function perSequence({ batch }: InfluenceContext, tasksOf: (sequence: number) => Tasks): Tasks {
  return Array.from({ length: batch.sequences }, (_, sequence) => tasksOf(sequence)).flat();
}

/** The float64 of a vector (or of the norms, which come last), a sequence and a group. */
function resultPlace(
  { batch, influence }: InfluenceContext,
  vector: number,
  sequence: number,
  group: number,
): number {
  return influence.results + 8 * ((vector * batch.sequences + sequence) * influence.groups.length + group);
}

function tokensOf({ batch, memory }: InfluenceContext, sequence: number): number {
  return memory.tokens + 4 * batch.length * sequence;
}

function tokenGradients({ batch, influence }: InfluenceContext, sequence: number): number {
  return influence.tokenGradients + 4 * batch.length * batch.length * sequence;
}

function panelsOf(panels: readonly number[], group: number): number {
  return panels[group] as number; // One entry a group.
}
