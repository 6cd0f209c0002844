/**
 * Checkpoints of a stage: one safetensors file each, written atomically, kept by a policy.
 *
 * Tensors "weights/NAME", "first_moment/NAME", "second_moment/NAME" for every parameter; metadata: step, data, fingerprint, and a GPU's loss scale and tiles.
 * @module
 */
import { join } from "node:path";
import type { TrainState } from "../backends/backend.ts";
import { RunError } from "../core/errors.ts";
import type { BatchSourceState } from "../shards/batch.ts";
import { SafetensorsFile, type TensorData, writeSafetensors } from "../core/safetensors.ts";
import { type ModelConfig, parameterLayout } from "../model/config.ts";

const PARTS = { weights: "weights", first_moment: "firstMoment", second_moment: "secondMoment" } as const;
const FILE_NAME = /^step-(\d{8})\.safetensors$/;

function fileName(step: number): string {
  return `step-${String(step).padStart(8, "0")}.safetensors`;
}

/** Steps of the checkpoints in a directory, ascending. */
async function savedSteps(directory: string): Promise<number[]> {
  const steps: number[] = [];
  try {
    for await (const entry of Deno.readDir(directory)) {
      const match = FILE_NAME.exec(entry.name);
      if (match) steps.push(Number(match[1]));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return steps.sort((a, b) => a - b);
}

/** What a stage needs to go on. */
export interface Checkpoint {
  readonly state: TrainState;
  /** Where the data stands. */
  readonly data: BatchSourceState;
  /** What the checkpoint belongs to: recipe, data, code. */
  readonly fingerprint: string;
}

/** Which checkpoints stay. */
export interface CheckpointPolicy {
  /** So many of the newest, while the stage is unfinished. */
  readonly newest: number;
  /** Those whose step is a multiple of it stay for good; null: none. */
  readonly multiplesOf: number | null;
}

/** Writes a checkpoint and removes those that the policy does not keep. */
export async function saveCheckpoint(
  directory: string,
  config: ModelConfig,
  { state, data, fingerprint }: Checkpoint,
  policy: CheckpointPolicy,
): Promise<void> {
  const tensors = new Map<string, TensorData>();
  for (const [part, field] of Object.entries(PARTS)) {
    for (const { name, shape, offset, size } of parameterLayout(config)) {
      tensors.set(`${part}/${name}`, {
        dtype: "F32",
        shape,
        data: state[field].subarray(offset, offset + size),
      });
    }
  }
  await writeSafetensors(join(directory, fileName(state.step)), tensors, {
    step: String(state.step),
    data: JSON.stringify(data),
    fingerprint,
    ...(state.lossScale !== undefined && { lossScale: String(state.lossScale) }),
    ...(state.tuning !== undefined && { tuning: JSON.stringify(state.tuning) }),
  });
  const steps = await savedSteps(directory);
  await removeCheckpoints(directory, steps.slice(0, Math.max(0, steps.length - policy.newest)), policy);
}

/** Removes what only served to resume, once the stage is finished; the directory too where nothing stays. */
export async function tidyCheckpoints(directory: string, policy: CheckpointPolicy): Promise<void> {
  await removeCheckpoints(directory, await savedSteps(directory), policy);
  if ((await savedSteps(directory)).length > 0) return;
  await Deno.remove(directory, { recursive: true }).catch((error) => {
    // A stage shorter than its checkpoint interval has none.
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}

async function removeCheckpoints(
  directory: string,
  steps: readonly number[],
  { multiplesOf }: CheckpointPolicy,
): Promise<void> {
  for (const step of steps) {
    if (multiplesOf !== null && step % multiplesOf === 0) continue;
    await Deno.remove(join(directory, fileName(step)));
  }
}

/**
 * The newest checkpoint, or undefined where there is none.
 *
 * @throws {RunError} where it belongs to another fingerprint.
 */
export async function latestCheckpoint(
  directory: string,
  config: ModelConfig,
  expectedFingerprint: string,
): Promise<Checkpoint | undefined> {
  const step = (await savedSteps(directory)).at(-1);
  if (step === undefined) return undefined;
  using file = await SafetensorsFile.open(join(directory, fileName(step)));
  const { fingerprint = "none", data = "null", lossScale, tuning } = file.metadata;
  if (fingerprint !== expectedFingerprint) {
    throw new RunError(
      `${file.path} belongs to another recipe, data or code (fingerprint ${fingerprint}); --restart begins anew.`,
    );
  }
  const layout = parameterLayout(config);
  const total = layout.reduce((sum, spec) => sum + spec.size, 0);
  const state = {
    step,
    weights: new Float32Array(total),
    firstMoment: new Float32Array(total),
    secondMoment: new Float32Array(total),
    ...(lossScale !== undefined && { lossScale: Number(lossScale) }),
    ...(tuning !== undefined && { tuning: JSON.parse(tuning) }),
  };
  for (const [part, field] of Object.entries(PARTS)) {
    for (const { name, offset } of layout) {
      state[field].set(await file.readFloat32(`${part}/${name}`), offset);
    }
  }
  return { state, data: JSON.parse(data), fingerprint };
}
