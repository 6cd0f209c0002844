/**
 * Leave-one-out over sources beside their influence.
 * @module
 */
import { meanOf, spearman } from "../../core/statistics.ts";
import { seedToSeed } from "./datamodelling.ts";
import type { LeaveOneOutAgreement, Method } from "./report.ts";

/** A method's ρ of each source for one capability. */
export interface Densities {
  readonly method: Method;
  /** [source]. */
  readonly densities: readonly number[];
}

/**
 * How each method's order of the sources agrees with what leaving them out does. All proxies are trained equally long, so without a
 * source the others are seen more often: Δ says what it is worth beside them, which orders sources as ρ should.
 *
 * @param impacts Δ [seed][source].
 */
export function leaveOneOutAgreement(
  capability: string,
  sources: readonly string[],
  methods: readonly Densities[],
  impacts: readonly (readonly number[])[],
): LeaveOneOutAgreement {
  // Every seed and method has all sources.
  const impactsOf = (source: number) => impacts.map((of) => of[source] as number);
  const means = sources.map((_, g) => meanOf(impactsOf(g)));
  return {
    capability,
    sources: sources.map((source, g) => ({
      source,
      densities: methods.map(({ method, densities }) => ({ method, density: densities[g] as number })),
      impacts: impactsOf(g),
    })),
    methods: methods.map(({ method, densities }) => ({ method, spearman: spearman(densities, means) })),
    seedToSeed: seedToSeed(impacts),
  };
}
