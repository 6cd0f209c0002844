/**
 * Adapters: what they can do, and which tier that allows.
 * @module
 */
import { adapterName } from "./adapter_info.ts";
import type { Tier } from "./device.ts";
import { MissingFeatureError } from "./errors.ts";
import { gpuOf, type Provider } from "./provider.ts";

/** An adapter and what will be asked of it. */
export interface Candidate {
  readonly provider: Provider;
  readonly tier: Tier;
  readonly adapter: GPUAdapter;
  /** Where the adapter came from. Dawn crashes when this is collected before its devices. */
  readonly entry: GPU;
}

/**
 * A provider's adapter with the wanted tier, or its best.
 *
 * @throws {MissingFeatureError} when the provider, an adapter or the tier is not there.
 */
export async function candidateOf(provider: Provider, wanted: Tier | "auto"): Promise<Candidate> {
  const entry = gpuOf(provider);
  const adapter = await entry.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) {
    throw new MissingFeatureError(
      `${provider} finds no GPU: install its Vulkan driver, or for tests without a GPU Mesa's lavapipe (Debian: mesa-vulkan-drivers).`,
    );
  }
  const best: Tier = hasSubgroupMatrices(adapter)
    ? "tensor"
    : adapter.features.has("shader-f16")
    ? "f16"
    : "f32";
  const rank: readonly Tier[] = ["f32", "f16", "tensor"];
  // Through Deno's own WebGPU f16 is no faster than f32, and a step of 140M parameters on an H100 was not finite.
  const fastest = provider === "deno" ? "f32" : best;
  const tier = wanted === "auto" ? fastest : wanted;
  if (rank.indexOf(tier) > rank.indexOf(best)) {
    const reason = tier === "f16"
      ? "the adapter has no shader-f16"
      : "it needs Dawn and an adapter with 32-wide subgroups and f16 × f16 → f32 subgroup matrices of 16 × 16 × 16";
    throw new MissingFeatureError(
      `The ${tier} tier is not available on ${
        adapterName(adapter)
      } through ${provider}: ${reason}. Use tier ${best}.`,
    );
  }
  return { provider, tier, adapter, entry };
}

/** f16 × f16 → f32 of 16 × 16 × 16, by subgroups of 32: the one shape that the tensor kernels use. */
function hasSubgroupMatrices(adapter: GPUAdapter): boolean {
  const wanted = { M: 16, N: 16, K: 16, componentType: "f16", resultComponentType: "f32" } as const;
  const info = adapter.info as GPUAdapterInfo & {
    readonly subgroupMatrixConfigs?: Iterable<Record<string, unknown>>;
  };
  if (!adapter.features.has("chromium-experimental-subgroup-matrix")) return false;
  if (!adapter.features.has("shader-f16") || info.subgroupMaxSize !== 32) return false;
  return [...info.subgroupMatrixConfigs ?? []].some((config) =>
    Object.entries(wanted).every(([key, value]) => config[key] === value)
  );
}
