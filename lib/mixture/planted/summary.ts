/**
 * Whether influence found what was planted.
 * @module
 */
import { type Estimate, meanOf, spearman, tInterval } from "../../core/statistics.ts";
import type { PlantedProbe, PlantedSeed, SourceDensity } from "./experiment.ts";

/** In how many seeds one capability's truths were found. */
export interface CapabilityVerdict {
  readonly probe: string;
  /** Its domain's source has a higher ρ than its own words in random order. */
  readonly aboveShuffled: number;
  /** Its domain's source, none of whose documents is in the probe, has a higher ρ than every source of another domain. */
  readonly aboveOtherDomains: number;
  /** Whether ρ orders sources as leaving them out does. */
  readonly retraining: RetrainingAgreement;
}

/** Agreement of the sources' order by ρ with that by Δ, what the loss gains without each of them. */
export interface RetrainingAgreement {
  /** Pairs of sources. */
  readonly pairs: number;
  /** Those whose Δ differ by more than seed noise: the 95% t interval over seeds excludes 0. */
  readonly decided: number;
  /** Decided pairs that the mean ρ puts in the same order. */
  readonly agreed: number;
  /** The same for TracIn's. */
  readonly agreedByGradientProduct: number;
  /** Spearman of ρ and Δ within a seed, over seeds. */
  readonly spearman: Estimate;
  readonly spearmanOfGradientProduct: Estimate;
}

/** All seeds. */
export interface PlantedSummary {
  readonly seeds: number;
  /** Seeds in which it held for every capability. */
  readonly aboveShuffled: number;
  /** Seeds in which it held for every capability. */
  readonly aboveOtherDomains: number;
  readonly capabilities: readonly CapabilityVerdict[];
  /** Seeds in which ρ of a source and of its copy differ by less than two standard errors over documents. */
  readonly copyEqual: number;
  /** The largest such difference, in standard errors. */
  readonly largestCopyDifference: number;
  /** Seeds in which the weights after deduplication are, to the last bit, those of the corpus without the copy. */
  readonly deduplicatedEqual: number;
}

/** Counts over seeds; there has to be one at least. */
export function summarise(seeds: readonly PlantedSeed[]): PlantedSummary {
  const count = (holds: (seed: PlantedSeed) => boolean) => seeds.filter(holds).length;
  const differences = seeds.map(({ copied: { original, copy } }) =>
    Math.abs(original.density - copy.density) / Math.hypot(original.standardError, copy.standardError)
  );
  return {
    seeds: seeds.length,
    aboveShuffled: count(({ probes }) => probes.every(aboveShuffled)),
    aboveOtherDomains: count(({ probes }) => probes.every(aboveOtherDomains)),
    capabilities: (seeds[0]?.probes ?? []).map(({ probe }, i) => {
      const own = seeds.flatMap(({ probes }) => probes[i] ?? []);
      return {
        probe,
        aboveShuffled: own.filter(aboveShuffled).length,
        aboveOtherDomains: own.filter(aboveOtherDomains).length,
        retraining: retrainingAgreement(own),
      };
    }),
    copyEqual: differences.filter((difference) => difference < 2).length,
    largestCopyDifference: Math.max(...differences),
    deduplicatedEqual: count(({ weights: { without, deduplicated } }) =>
      without.length === deduplicated.length && without.every((weight, i) => weight === deduplicated[i])
    ),
  };
}

function densityOf({ influence }: PlantedProbe, source: string): number {
  return influence.find((density) => density.source === source)?.density ?? NaN;
}

function aboveShuffled(probe: PlantedProbe): boolean {
  return densityOf(probe, probe.probe) > densityOf(probe, `${probe.probe}-shuffled`);
}

function aboveOtherDomains(probe: PlantedProbe): boolean {
  const own = densityOf(probe, probe.probe);
  return probe.influence.every(({ source, density }) => source.startsWith(probe.probe) || own > density);
}

/** One capability over seeds. */
function retrainingAgreement(seeds: readonly PlantedProbe[]): RetrainingAgreement {
  const count = seeds[0]?.leaveOneOut.length ?? 0;
  const impacts = seeds.map(({ leaveOneOut }) => leaveOneOut.map(({ impact }) => impact));
  const by = (kind: "influence" | "gradientProduct") =>
    seeds.map((seed) => seed[kind].map(({ density }: SourceDensity) => density));
  const [influence, product] = [by("influence"), by("gradientProduct")];
  // Every seed has the same sources.
  const differences = (values: readonly number[][], a: number, b: number) =>
    values.map((of) => (of[a] as number) - (of[b] as number));
  let pairs = 0, decided = 0, agreed = 0, agreedByGradientProduct = 0;
  for (let a = 0; a < count; a++) {
    for (let b = 0; b < a; b++) {
      pairs++;
      const { mean, low, high } = tInterval(differences(impacts, a, b));
      if (low === null || high === null || (low <= 0 && high >= 0)) continue;
      decided++;
      if (mean * meanOf(differences(influence, a, b)) > 0) agreed++;
      if (mean * meanOf(differences(product, a, b)) > 0) agreedByGradientProduct++;
    }
  }
  const correlations = (values: readonly number[][]) =>
    tInterval(values.map((of, seed) => spearman(of, impacts[seed] ?? [])));
  return {
    pairs,
    decided,
    agreed,
    agreedByGradientProduct,
    spearman: correlations(influence),
    spearmanOfGradientProduct: correlations(product),
  };
}
