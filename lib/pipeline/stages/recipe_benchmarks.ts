/**
 * The benchmarks that a recipe keeps out of its data.
 * @module
 */
import { type ContaminationIndex, indexBenchmarks } from "../../curation/contamination.ts";
import type { Recipe } from "../recipe.ts";

/** Items of the recipe's benchmarks: no probing or training set may contain one. */
export function recipeBenchmarks({ curation: { benchmarks } }: Recipe): Promise<ContaminationIndex> {
  return indexBenchmarks(Object.entries(benchmarks).map(([name, path]) => ({ name, path })));
}
