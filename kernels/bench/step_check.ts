/**
 * Whole steps on a device against the same in 64 bits on the host: losses, gradients of every kind of parameter, the update.
 * @module
 */
import { parameterPlaces, type TransformerShape } from "../wasm/shape.ts";
import type { Device } from "../webgpu/device/device.ts";
import { relativeError } from "./float64.ts";
import { words } from "./random.ts";
import { checkAttention } from "./step_check_attention.ts";
import { type ReferenceBatch, referenceStep } from "./step_reference.ts";
import { type BatchInputs, family, randomTokens, StepBench } from "./step_run.ts";

/** A batch, and whether activations are computed again. */
interface StepCase {
  readonly name: string;
  readonly batch: ReferenceBatch;
  readonly recompute: boolean;
}

/** Sizes that are no multiple of a tile; heads of 64 entries, as the tensor kernels take them. */
const SHAPE = family(2, 4, 2, 136, 264, 331);
const SEQUENCES = 2, LENGTH = 48, ROWS = SEQUENCES * LENGTH;

/** Logits that a teacher gives where it does not give all. */
const TOP = 24;

/** Every loss; two documents a sequence, and positions whose loss does not count. */
function stepCases(): StepCase[] {
  const random = words(7);
  const uniform = (count: number) => Float32Array.from({ length: count }, () => random() / 2 ** 30 - 2);
  const common = {
    sequences: SEQUENCES,
    length: LENGTH,
    tokens: randomTokens(ROWS, SHAPE.vocabularySize, 1),
    targets: randomTokens(ROWS, SHAPE.vocabularySize, 2),
    weights: Float32Array.from({ length: ROWS }, () => random() % 4 / 2),
    starts: Uint32Array.from({ length: ROWS }, (_, row) => row % LENGTH < 21 ? 0 : 21),
  };
  const all = { temperature: 2, crossEntropyShare: 0.3, logits: uniform(ROWS * SHAPE.vocabularySize) };
  // Different ids in a row: neighbours modulo the vocabulary.
  const ids = Uint32Array.from(
    { length: ROWS * TOP },
    (_, i) => (7 * Math.floor(i / TOP) + i % TOP) % SHAPE.vocabularySize,
  );
  return [
    { name: "cross-entropy", batch: common, recompute: false },
    { name: "forward KL", batch: { ...common, teacher: { ...all, direction: "forward" } }, recompute: true },
    { name: "reverse KL", batch: { ...common, teacher: { ...all, direction: "reverse" } }, recompute: false },
    {
      name: `top ${TOP}`,
      batch: {
        ...common,
        teacher: { ...all, direction: "forward", logits: uniform(ROWS * TOP), ids },
      },
      recompute: false,
    },
  ];
}

/** A batch's inputs as the device takes them: whole rows of a teacher's logits are padded. */
function inputsOf({ weights, starts, teacher }: ReferenceBatch, logitStride: number): BatchInputs {
  if (teacher === undefined) return { weights, starts };
  if (teacher.ids) return { weights, starts, teacherLogits: teacher.logits, teacherIds: teacher.ids };
  const { vocabularySize } = SHAPE;
  const teacherLogits = new Float32Array(ROWS * logitStride);
  for (let row = 0; row < ROWS; row++) {
    const values = teacher.logits.subarray(row * vocabularySize, (row + 1) * vocabularySize);
    teacherLogits.set(values, row * logitStride);
  }
  return { weights, starts, teacherLogits };
}

/** Relative errors of one case by what was compared; "differs on repetition" is 0 or 1. */
async function checkCase(
  device: Device,
  { name, batch, recompute }: StepCase,
): Promise<Record<string, number>> {
  const { teacher } = batch;
  const bench = await StepBench.create(device, SHAPE, SEQUENCES, LENGTH, {
    recompute,
    teacher: teacher
      ? {
        temperature: teacher.temperature,
        direction: teacher.direction,
        crossEntropyShare: teacher.crossEntropyShare,
        top: teacher.ids ? TOP : null,
      }
      : null,
  });
  try {
    const inputs = inputsOf(batch, bench.plan.activations.logitStride);
    const gradient = await bench.gradient(batch.tokens, batch.targets, inputs);
    const losses = new Float32Array(await device.read(bench.plan.activations.losses));
    const again = await bench.gradient(batch.tokens, batch.targets, inputs);
    const weights = await bench.model.parameters.read("weights");
    const expected = referenceStep(SHAPE, weights, batch);
    const expectedGradient = expected.gradient.map((value) => value / ROWS);
    const errors: Record<string, number> = {
      "differs on repetition": gradient.every((value, i) => value === again[i]) ? 0 : 1,
      losses: relativeError(losses, expected.losses),
    };
    for (const [kind, [from, to]] of Object.entries(kinds(SHAPE))) {
      errors[kind] = relativeError(gradient.subarray(from, to), expectedGradient.subarray(from, to));
    }
    return Object.fromEntries(Object.entries(errors).map(([what, error]) => [`${name}: ${what}`, error]));
  } finally {
    bench.destroy();
  }
}

/** The embedding's, the first layer's and the final norm's places in the flat order. */
function kinds(shape: TransformerShape): Record<string, readonly [number, number]> {
  const { embedding, layers: [first], finalNorm } = parameterPlaces(shape);
  if (!first) throw new RangeError("A model without layers.");
  return {
    embedding: [embedding, first.queryKeyValue],
    "query key value": [first.queryKeyValue, first.output],
    "attention output": [first.output, first.gateUp],
    "gate up": [first.gateUp, first.down],
    down: [first.down, first.attentionNorm],
    norms: [first.attentionNorm, first.feedForwardNorm + shape.width],
    "final norm": [finalNorm, finalNorm + shape.width],
  };
}

/** The error of one update, by the gradient that the device holds: clipped to norm 1, first step of AdamW. */
async function checkUpdate(device: Device): Promise<Record<string, number>> {
  const bench = await StepBench.create(device, SHAPE, SEQUENCES, LENGTH);
  try {
    const before = await bench.model.parameters.read("weights");
    const rate = 1e-3;
    const { lossScale } = bench;
    const { norm } = await bench.step(
      randomTokens(ROWS, SHAPE.vocabularySize, 1),
      randomTokens(ROWS, SHAPE.vocabularySize, 2),
      rate,
    );
    const gradient = Float64Array.from(await bench.model.parameters.read("gradient")).map((value) =>
      value / (lossScale * ROWS)
    );
    const expectedNorm = Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0));
    const factor = Math.min(1, 1 / (expectedNorm + 1e-6));
    // At the first step the moments' corrections cancel: m/(1 − β₁) = g and √(v/(1 − β₂)) = |g|.
    const expected = gradient.map((g) => -rate * factor * g / (Math.abs(factor * g) + 1e-8));
    const after = await bench.model.parameters.read("weights");
    return {
      "update: gradient norm": Math.abs(norm / expectedNorm - 1),
      "update: weights": relativeError(after.map((value, i) => value - (before[i] ?? NaN)), expected),
    };
  } finally {
    bench.destroy();
  }
}

/** Checks all steps on a device: relative errors against 64-bit arithmetic by what was compared. */
export async function checkStep(device: Device): Promise<Record<string, number>> {
  const errors: Record<string, number> = {};
  for (const test of stepCases()) Object.assign(errors, await checkCase(device, test));
  Object.assign(errors, await checkUpdate(device));
  if (device.tier === "tensor") {
    for (const [name, error] of Object.entries(await checkAttention(device))) {
      errors[`attention ${name}`] = error;
    }
  }
  return errors;
}
