/**
 * The two implementations of WebGPU that run inside Deno: its own (wgpu), and Dawn, which reaches tensor cores.
 * @module
 */
import { createRequire } from "node:module";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { pollGently } from "./dawn_events.ts";
import { MissingFeatureError } from "./errors.ts";

/** deno: built in. dawn: Chromium's WebGPU as a native add-on, 132 MB, which {@link INSTALL_DAWN} brings. */
export type Provider = "deno" | "dawn";

/** Installs Dawn beside the project's packages: npm cannot add to a node_modules that Deno keeps. */
export const INSTALL_DAWN = "npm install --prefix .cache/dawn webgpu@0.6.2";

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
 * Dawn's add-on is the file that the environment variable DAWN_NODE names, or else the one that {@link INSTALL_DAWN} brought.
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
  const installed =
    `../../../.cache/dawn/node_modules/webgpu/dist/${process.platform}-${architecture}/dawn.node`;
  const file = Deno.env.get("DAWN_NODE") ?? fileURLToPath(new URL(installed, import.meta.url));
  let addOn: { create(switches: readonly string[]): GPU };
  try {
    addOn = require(file);
  } catch (cause) {
    throw new MissingFeatureError(
      `Dawn is not installed (${file}): run \`${INSTALL_DAWN}\`, or let DAWN_NODE name its dawn.node.`,
      { cause },
    );
  }
  pollGently();
  return addOn.create(dawnSwitches);
}
