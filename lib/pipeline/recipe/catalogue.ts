/**
 * Which build of DuckDB the stages ask, and what it may take; no result depends on it.
 * @module
 */
import { z } from "zod";
import { ENGINES } from "../../catalog/engine.ts";
import { type EngineSettings, MEMORY_SIZE } from "../../catalog/open_engine.ts";

/** Of the catalogue. */
export const catalogue = z.strictObject({
  /** native: all cores, tables and near-duplicates larger than memory. */
  engine: z.enum(ENGINES),
  /** DuckDB's limit, as "4GB"; null: 80% of the machine's. */
  memory: z.string().regex(MEMORY_SIZE, 'expected a size such as "4GB"').nullable(),
  /** An existing directory for what the native engine does not hold in memory; null: the system's for temporary files. */
  spill: z.string().min(1).nullable(),
}).refine(({ engine, spill }) => engine === "native" || spill === null, {
  path: ["spill"],
  error: 'the engine "wasm" has no files, expected null',
});

/**
 * How an engine is opened by the recipe.
 *
 * @param workers Threads of the native engine; null: one a core.
 */
export function engineSettings(
  { engine, memory, spill }: z.infer<typeof catalogue>,
  workers: number | null,
): EngineSettings {
  return {
    engine,
    ...(memory !== null && { memoryLimit: memory }),
    ...(spill !== null && { spillDirectory: spill }),
    ...(engine === "native" && workers !== null && { threads: workers }),
  };
}
