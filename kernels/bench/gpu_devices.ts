/**
 * The providers and tiers of this machine, one after another.
 * @module
 */
import type { Device, Provider, Tier } from "../webgpu/device/device.ts";
import { openDevice } from "../webgpu/device/open.ts";
import { MissingFeatureError } from "../webgpu/device/errors.ts";

/** Which devices: absent means every one that works here. */
export interface Wanted {
  readonly provider?: string | undefined;
  readonly tier?: string | undefined;
}

/** Opens each, and closes it when the next one is asked for; where none works, `say` gets the reason. */
export async function* devices(wanted: Wanted, say: (line: string) => void): AsyncGenerator<Device> {
  const providers = wanted.provider ? [wanted.provider as Provider] : ["dawn", "deno"] as const;
  const tiers = wanted.tier ? [wanted.tier as Tier] : ["tensor", "f16", "f32"] as const;
  const missing: string[] = [];
  let found = false;
  for (const provider of providers) {
    for (const tier of tiers) {
      try {
        using device = await openDevice({ provider, tier });
        found = true;
        yield device;
      } catch (error) {
        if (!(error instanceof MissingFeatureError)) throw error;
        missing.push(error.message);
      }
    }
  }
  if (!found) say(missing[0] ?? "No GPU.");
}

/** The one that training would take; null, with the reason to `say`, where there is none. */
export async function bestDevice(
  { provider, tier }: Wanted,
  say: (line: string) => void,
): Promise<Device | null> {
  try {
    return await openDevice({
      provider: (provider ?? "auto") as Provider | "auto",
      tier: (tier ?? "auto") as Tier | "auto",
    });
  } catch (error) {
    if (!(error instanceof MissingFeatureError)) throw error;
    say(error.message);
    return null;
  }
}
