/**
 * What an adapter says of itself, in Deno, Dawn and browsers.
 * @module
 */

/** The adapter's name, for people and for cached tunings. */
export function adapterName(adapter: GPUAdapter): string {
  const { description, device, architecture, vendor } = adapter.info;
  // Dawn: the name in `device`, the driver in `description`. Deno: a number in `device`, the name in `description`.
  const names = [device, description, architecture, vendor];
  return names.find((text) => text && !/^(0x)?[0-9a-f]+$/i.test(text)) ?? "unknown GPU";
}

/** Whether a processor pretends to be a GPU. */
export function isSoftware(adapter: GPUAdapter): boolean {
  return /llvmpipe|lavapipe|swiftshader|basic render/i.test(
    `${adapter.info.description} ${adapter.info.architecture}`,
  );
}
