/**
 * The linear datamodelling score (Park et al., "TRAK: Attributing Model Behavior at Scale", ICML 2023, Definition 2.4).
 *
 * Models are trained on random subsets of the candidates. For one probe document, a method predicts each subset's model by the sum
 * of its scores over the subset; the score is Spearman's correlation, over subsets, of these sums with minus the document's
 * losses, averaged over seeds. Its mean over documents is the method's.
 *
 * Losses differ by seed as well as by subset, which bounds every method. With r the correlation of one seed's losses with another's,
 * the mean of R seeds has the reliability R·r / (1 + (R − 1)·r) (Spearman and Brown), and its root is the correlation that the
 * noiseless truth would have with it: the ceiling. Exact for Pearson's correlation, near for Spearman's.
 *
 * Intervals over probe documents take the subsets as given: they say how the mean depends on the documents that were asked, not
 * on the subsets that were drawn. A capability's intervals are over subsets.
 * @module
 */
import { Random } from "../../core/random.ts";
import { bootstrapInterval, meanOf, spearman } from "../../core/statistics.ts";
import type { CapabilityDatamodelling, Datamodelling, Method } from "./report.ts";

/** A method's predictions: its scores summed over each subset [probe document][subset]. */
export interface Predictions {
  readonly method: Method;
  readonly sums: readonly (readonly number[])[];
}

/**
 * Scores of all methods, their ceiling, and the same for mean losses.
 *
 * @param capabilities Of each probe document.
 * @param losses [seed][subset][probe document], two seeds at least.
 * @param seed Of the bootstrap.
 */
export function datamodelling(
  predictions: readonly Predictions[],
  capabilities: readonly string[],
  losses: readonly (readonly (readonly number[])[])[],
  seed: number,
): Datamodelling {
  const random = Random.of(seed, "bootstrap");
  const documents = capabilities.map((_, q) => [q]);
  const truth = documents.map((group) => meanOverSeeds(gains(losses, group)));
  const perDocument = documents.map((group) => seedToSeed(gains(losses, group)));
  const agreement = bootstrapInterval(perDocument, meanOf, random);
  const names = [...new Set(capabilities)];
  return {
    methods: predictions.map(({ method, sums }) => {
      // One series a probe document.
      const perProbe = sums.map((series, q) => correlation(series, truth[q] as number[]));
      return { method, ...bootstrapInterval(perProbe, meanOf, random), perProbe };
    }),
    seedToSeed: agreement,
    ceiling: ceilingOf(agreement.mean, losses.length),
    capabilities: names.map((capability): CapabilityDatamodelling => {
      const group = capabilities.flatMap((name, q) => name === capability ? [q] : []);
      const own = gains(losses, group);
      const truth = meanOverSeeds(own);
      const r = seedToSeed(own);
      return {
        capability,
        methods: predictions.map(({ method, sums }) => {
          const pairs = truth.map((gain, m) => ({
            gain,
            // The probe documents and subsets of `losses`.
            sum: meanOf(group.map((q) => sums[q]?.[m] as number)),
          }));
          const statistic = (drawn: typeof pairs) =>
            spearman(drawn.map(({ sum }) => sum), drawn.map(({ gain }) => gain));
          return { method, ...bootstrapInterval(pairs, statistic, random) };
        }),
        seedToSeed: r,
        ceiling: ceilingOf(r, losses.length),
      };
    }),
  };
}

/** Minus the mean loss of a group of probe documents [seed][subset]. */
function gains(losses: readonly (readonly (readonly number[])[])[], group: readonly number[]): number[][] {
  // Every proxy has a loss of every probe document.
  return losses.map((subsets) => subsets.map((subset) => -meanOf(group.map((q) => subset[q] as number))));
}

/** [seed][x] → [x]. */
function meanOverSeeds(values: readonly (readonly number[])[]): number[] {
  return (values[0] ?? []).map((_, x) => meanOf(values.map((of) => of[x] as number)));
}

/**
 * Spearman of one seed's values with another's, mean over pairs of seeds.
 *
 * @param values [seed][x].
 */
export function seedToSeed(values: readonly (readonly number[])[]): number {
  return meanOf(values.flatMap((a, i) => values.slice(0, i).map((b) => correlation(a, b))));
}

/** Root of the reliability of a mean over seeds; 0 where seeds do not agree at all. */
function ceilingOf(seedToSeed: number, seeds: number): number {
  const r = Math.max(0, seedToSeed);
  return Math.sqrt(seeds * r / (1 + (seeds - 1) * r));
}

/** Spearman; 0 where a series is constant, as scores without any influence are. */
function correlation(a: readonly number[], b: readonly number[]): number {
  const value = spearman(a, b);
  return Number.isNaN(value) ? 0 : value;
}
