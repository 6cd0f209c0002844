/**
 * The two implementations of WebGPU that run inside Deno: its own (wgpu), and Dawn, which reaches tensor cores.
 * @module
 */
import { createRequire } from "node:module";
import process from "node:process";
import { MissingFeatureError } from "./errors.ts";

/** deno: built in. dawn: Chromium's WebGPU as a native add-on (`npm install --no-save webgpu@0.6.2`, 132 MB). */
export type Provider = "deno" | "dawn";

const dawnSwitches = [
  // Subgroup matrices are experimental; f16 is off on NVIDIA's Vulkan driver for a conformance failure in 16-bit denormals.
  // With bounds checks every matrix load is a branch, 5% slower. So kernels guard their own bounds; checks surround outputs with
  // poison to see that they do.
  "enable-dawn-features=allow_unsafe_apis,vulkan_enable_f16_on_nvidia,disable_robustness",
  // Timestamps to the nanosecond rather than in steps of 100 µs.
  "disable-dawn-features=timestamp_quantization",
];

/**
 * The entry point of a provider.
 *
 * Dawn's add-on is the file that the environment variable DAWN_NODE names, or else the one inside an installed `webgpu` package.
 *
 * @throws {MissingFeatureError} when the provider is not there.
 */
export function gpuOf(provider: Provider): GPU {
  if (provider === "deno") {
    const gpu: GPU | undefined = navigator.gpu;
    if (!gpu) throw new MissingFeatureError("This runtime has no WebGPU: run it with Deno 2.9 or newer.");
    return gpu;
  }
  const require = createRequire(import.meta.url);
  const architecture = process.platform === "darwin" ? "universal" : process.arch;
  const file = Deno.env.get("DAWN_NODE") ?? `webgpu/dist/${process.platform}-${architecture}/dawn.node`;
  let addOn: { create(switches: readonly string[]): GPU };
  try {
    addOn = require(file);
  } catch (cause) {
    throw new MissingFeatureError(
      `Dawn is not installed (${file}): run \`npm install --no-save webgpu@0.6.2\`, or let DAWN_NODE name its dawn.node.`,
      { cause },
    );
  }
  return addOn.create(dawnSwitches);
}
