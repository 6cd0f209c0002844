/**
 * Opens an engine within the bounds of a machine.
 * @module
 */
import { UsageError } from "../core/errors.ts";
import { type Engine, type EngineName, ENGINES } from "./engine.ts";
import { openNative } from "./native.ts";
import { quoteText } from "./schema.ts";
import { openWasm } from "./wasm.ts";

/** Which engine, and what it may take. */
export interface EngineSettings {
  /** "wasm" by default. */
  readonly engine?: EngineName;
  /** As DuckDB takes it: "1GB". By default 80% of the memory. */
  readonly memoryLimit?: string;
  /** Of the native engine; by default one for each core. */
  readonly threads?: number;
  /**
   * An existing directory in which the native engine keeps, while it is open, its tables and what a query needs beyond the memory
   * limit; by default the system's for temporary files.
   */
  readonly spillDirectory?: string;
}

/** A size as DuckDB takes it. */
export const MEMORY_SIZE = /^\d+(\.\d+)? *([KMGT]i?)?B$/i;

/** Opens an empty database. @throws {UsageError} for an unknown engine, and a setting that is unusable or not that engine's. */
export async function openEngine(settings: EngineSettings = {}): Promise<Engine> {
  const { engine: name = "wasm", memoryLimit, threads, spillDirectory } = settings;
  if (!ENGINES.includes(name)) {
    throw new UsageError(`The catalogue engine is "${name}", expected ${ENGINES.join(" or ")}.`);
  }
  if (threads !== undefined && !(Number.isSafeInteger(threads) && threads > 0)) {
    throw new UsageError(`threads is ${threads}, expected a whole number above 0.`);
  }
  for (const [setting, value] of Object.entries({ threads, spillDirectory })) {
    if (name === "wasm" && value !== undefined) {
      throw new UsageError(
        `${setting} is ${value}, but the catalogue engine "wasm" has one thread and no files; expected "native".`,
      );
    }
  }
  if (memoryLimit !== undefined && !MEMORY_SIZE.test(memoryLimit)) {
    throw new UsageError(`The memory limit is "${memoryLimit}", expected a size such as "4GB".`);
  }
  const engine = name === "wasm" ? await openWasm() : await openNative(spillDirectory);
  try {
    if (memoryLimit !== undefined) {
      await engine.execute(`SET memory_limit = ${quoteText(memoryLimit)}`);
    }
    if (threads !== undefined) await engine.execute(`SET threads = ${threads}`);
    return engine;
  } catch (error) {
    await engine[Symbol.asyncDispose]();
    throw error;
  }
}
