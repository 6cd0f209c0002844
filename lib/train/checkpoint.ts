/**
 * Checkpoints of an unfinished stage: one safetensors file each, written atomically, the newest few kept.
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

/** Writes a checkpoint and removes all but the newest `keep`. */
export async function saveCheckpoint(
  directory: string,
  config: ModelConfig,
  { state, data, fingerprint }: Checkpoint,
  keep: number,
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
  const old = (await savedSteps(directory)).filter((step) => step !== state.step).slice(
    0,
    -(keep - 1) || undefined,
  );
  for (const step of old) await Deno.remove(join(directory, fileName(step)));
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
