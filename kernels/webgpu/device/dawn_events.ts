/**
 * How often Dawn looks for what its devices have finished.
 * @module
 */

const immediate = globalThis.setImmediate;

/**
 * Slows Dawn's polling down to once a millisecond.
 *
 * While anything is awaited, Dawn's add-on polls in a chain of immediates, each a new native function. Deno 2.9 stands still for
 * seconds once some 20,000 of those are collected, that is after every half second of waiting. So immediates that are native functions
 * become timers; others than Dawn's, a promise's `resolve` for one, merely come a millisecond later. Harmless when called again.
 */
export function pollGently(): void {
  globalThis.setImmediate = gentle as typeof setImmediate;
}

function gentle(callback: (...args: unknown[]) => void, ...args: unknown[]) {
  return isNative(callback) ? setTimeout(callback, 0, ...args) : immediate(callback, ...args);
}

function isNative(callback: unknown): boolean {
  return typeof callback === "function" &&
    Function.prototype.toString.call(callback).endsWith("{ [native code] }");
}
