/**
 * What can go wrong on a GPU, each with what to do about it.
 * @module
 */

/** A kernel does not compile or was given shapes that it cannot compute: a mistake in this repository. */
export class KernelError extends Error {
  override readonly name: string = "KernelError";
}

/** The driver gave the device up: a crash, a sleeping laptop, a kernel that ran too long. */
export class DeviceLostError extends Error {
  override readonly name: string = "DeviceLostError";
}

/** The buffers asked for do not fit into the device's memory or its limits. */
export class OutOfDeviceMemoryError extends Error {
  override readonly name: string = "OutOfDeviceMemoryError";
}

/** No adapter, or none with what was asked for. */
export class MissingFeatureError extends Error {
  override readonly name: string = "MissingFeatureError";
}
