/**
 * Checkpoints of an unfinished stage: one safetensors file each, written atomically, the newest few kept.
 *
 * Tensors "weights/NAME", "first_moment/NAME", "second_moment/NAME" for every parameter; metadata: step, fingerprint.
 * @module
 */
import { join } from "node:path";
import type { TrainState } from "../backends/backend.ts";
import { RunError } from "../core/errors.ts";
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

/**
 * Writes a checkpoint and removes all but the newest `keep`.
 *
 * @param runFingerprint What the state belongs to (recipe, data, code); a resume checks it.
 */
export async function saveCheckpoint(
  directory: string,
  config: ModelConfig,
  state: TrainState,
  runFingerprint: string,
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
    fingerprint: runFingerprint,
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
  runFingerprint: string,
): Promise<TrainState | undefined> {
  const step = (await savedSteps(directory)).at(-1);
  if (step === undefined) return undefined;
  using file = await SafetensorsFile.open(join(directory, fileName(step)));
  if (file.metadata.fingerprint !== runFingerprint) {
    throw new RunError(
      `${file.path} belongs to another recipe, data or code (fingerprint ${file.metadata.fingerprint}); --restart begins anew.`,
    );
  }
  const layout = parameterLayout(config);
  const total = layout.reduce((sum, spec) => sum + spec.size, 0);
  const state = {
    step,
    weights: new Float32Array(total),
    firstMoment: new Float32Array(total),
    secondMoment: new Float32Array(total),
  };
  for (const [part, field] of Object.entries(PARTS)) {
    for (const { name, offset } of layout) {
      state[field].set(await file.readFloat32(`${part}/${name}`), offset);
    }
  }
  return state;
}
