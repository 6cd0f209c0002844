/**
 * What the failures of the WebGPU kernels mean to a caller.
 * @module
 */
import {
  DeviceLostError,
  KernelError,
  MissingFeatureError,
  OutOfDeviceMemoryError,
} from "../../kernels/webgpu/device/errors.ts";
import { RunError } from "../core/errors.ts";

/** Work whose errors are translated: the kernels know nothing of exit codes. */
export async function asRunError<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const ours = [DeviceLostError, KernelError, MissingFeatureError, OutOfDeviceMemoryError];
    if (!ours.some((kind) => error instanceof kind)) throw error;
    throw new RunError((error as Error).message, { cause: error });
  }
}
