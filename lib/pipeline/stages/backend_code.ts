/**
 * What a stage that runs a backend depends on.
 * @module
 */

/** Code beyond the module graph that the backend executes. */
export const BACKEND_CODE = [
  "worker.ts",
  "build/relaxed.wasm",
  "build/simd.wasm",
].map((file) => new URL(`../../../kernels/wasm/${file}`, import.meta.url));
