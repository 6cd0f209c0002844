/**
 * Opening a GPU: the fastest provider and tier that work here, with the limits of its adapter.
 * @module
 */
import { readTuning, type Tuning } from "../tuning.ts";
import { type Candidate, candidateOf } from "./adapter.ts";
import { adapterName, isSoftware } from "./adapter_info.ts";
import type { Device, Tier } from "./device.ts";
import { MissingFeatureError } from "./errors.ts";
import type { Provider } from "./provider.ts";
import { WebGpuDevice } from "./webgpu_device.ts";

/** What to open; "auto" takes the fastest that works. */
export interface DeviceOptions {
  readonly provider?: Provider | "auto";
  readonly tier?: Tier | "auto";
  /** What a run began with, to repeat it bit for bit; default: what is cached for the adapter. */
  readonly tuning?: Tuning;
}

/**
 * Opens a device.
 *
 * auto prefers a real GPU over a software one, Dawn over Deno's own, and tensor over f16 over f32; through Deno's own it takes f32.
 *
 * @throws {MissingFeatureError} saying what is missing and how to get it.
 *
 * @example
 * ```ts ignore
 * using device = await openDevice({ tier: "f32" });
 * console.log(device.adapter, device.provider, device.tier);
 * ```
 */
export async function openDevice(options: DeviceOptions = {}): Promise<Device> {
  const { provider = "auto", tier = "auto" } = options;
  const open = async (candidate: Candidate) =>
    WebGpuDevice.open(candidate, options.tuning ?? await readTuning(adapterName(candidate.adapter)));
  const providers: Provider[] = provider === "auto" ? ["dawn", "deno"] : [provider];
  const problems: string[] = [];
  let software: Candidate | undefined;
  for (const name of providers) {
    try {
      const candidate = await candidateOf(name, tier);
      if (!isSoftware(candidate.adapter)) return await open(candidate);
      software ??= candidate;
    } catch (error) {
      if (!(error instanceof MissingFeatureError)) throw error;
      problems.push(error.message);
    }
  }
  if (software) return await open(software);
  throw new MissingFeatureError(problems.join(" "));
}
