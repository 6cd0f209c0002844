/**
 * The browser's GPU as a device of the kernels.
 * @module
 */
import type { Device } from "../../../kernels/webgpu/device/device.ts";
import { WebGpuDevice } from "../../../kernels/webgpu/device/webgpu_device.ts";
import { RunError } from "../../core/errors.ts";

/** A device and what the browser says of it: "nvidia, hopper". */
export interface BrowserDevice {
  readonly device: Device;
  readonly name: string;
}

/**
 * Opens the GPU. Everything is computed in f32, which every adapter has.
 *
 * @throws {RunError} with a sentence for the reader of the page, where the browser has no WebGPU or no adapter.
 */
export async function openBrowserDevice(): Promise<BrowserDevice> {
  const entry: GPU | undefined = navigator.gpu;
  if (entry === undefined) {
    throw new RunError(
      "This browser has no WebGPU, which the model runs on. Current Chrome, Edge, Safari and Firefox have it; " +
        "some only where hardware acceleration is on.",
    );
  }
  const adapter = await entry.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null) {
    throw new RunError(
      "This browser has WebGPU but finds no GPU for it: look whether hardware acceleration is on in its settings.",
    );
  }
  const { vendor, architecture, description } = adapter.info;
  const name = description || [vendor, architecture].filter((text) => text !== "").join(", ");
  // "dawn" for its dialect: browsers want `enable subgroups;`, as the standard says.
  const candidate = { provider: "dawn", tier: "f32", adapter, entry } as const;
  // Tunings are for training's large products.
  const device = await WebGpuDevice.open(candidate, { adapter: name, products: {} });
  return { device, name: name || "an unnamed GPU" };
}
